/** A clone of HEAD with nothing beside it and the packages of the lockfile, from the store that filled this checkout. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, setupFolder } from "./checkout.mjs";
import { capture, Stop } from "./commands.mjs";
import { installArguments } from "./pnpm.mjs";

/** Beside pnpm's store, so that installing there makes links instead of copies. */
const parent = join(setupFolder, "lone");

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function step(command, args, cwd) {
  const result = capture(command, args, { cwd });
  if (!result.ok) throw new Stop(`${result.text}\nclone: ${command} ${args[0]} failed.`);
}

/**
 * Makes the clone, and takes it away afterwards.
 *
 * @template T
 * @param {(clone: string) => T} body
 * @returns {T}
 */
export function inLoneClone(body) {
  const clone = join(parent, "repository");
  rmSync(parent, { recursive: true, force: true });
  mkdirSync(parent, { recursive: true });
  try {
    step("git", ["clone", "--quiet", "--depth=1", `file://${root}`, clone], parent);
    step("pnpm", [...installArguments(), "--ignore-scripts"], clone);
    if (process.platform === "darwin") {
      const build = "packages/mlx/node_modules/@frost-beta/mlx/build"; // set-up has fetched it here
      cpSync(join(root, build), join(clone, build), { recursive: true });
    }
    return body(clone);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
