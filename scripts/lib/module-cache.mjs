/** Where tests keep sources as they were transformed, so that one that has not changed since is not transformed again. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, setupFolder } from "./checkout.mjs";

const parent = join(setupFolder, "modules");

/** Settings that a transformed source depends on beside its text: what imports lead to, and how it is compiled. */
function settingsFiles() {
  const packages = ["packages", "apps"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  );
  const own = packages.flatMap((one) => [join(one, "package.json"), join(one, "tsconfig.json")]);
  return ["pnpm-lock.yaml", "tsconfig.base.json", "tsconfig.json", "package.json", ...own];
}

/**
 * The folder for these settings; those for others are taken away.
 *
 * @returns {string}
 */
export function moduleCache() {
  const hash = createHash("sha256");
  for (const file of settingsFiles()) {
    const path = join(root, file);
    hash.update(`${file}\n`).update(existsSync(path) ? readFileSync(path) : "");
  }
  const name = hash.digest("hex").slice(0, 16);
  mkdirSync(join(parent, name), { recursive: true });
  for (const other of readdirSync(parent)) {
    if (other !== name) rmSync(join(parent, other), { recursive: true, force: true });
  }
  return join(parent, name);
}
