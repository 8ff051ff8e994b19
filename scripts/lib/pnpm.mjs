/** Finds or fetches the pinned pnpm, and installs the dependencies from the lockfile. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { pinnedPnpm, readManifest, root, setupFolder } from "./checkout.mjs";
import { capture, run, Stop } from "./commands.mjs";

/** Keeps a pnpm of another version from fetching the pinned one into the home folder. */
const askOnly = {
  npm_config_manage_package_manager_versions: "false",
  COREPACK_ENABLE_NETWORK: "0",
};

/** Whether the pnpm that children would find is the pinned one. */
export function hasPinnedPnpm() {
  const local = join(setupFolder, "node_modules", "pnpm");
  if (existsSync(join(local, "package.json"))) {
    return readManifest(local).version === pinnedPnpm();
  }
  // asked from outside the checkout, whose package.json would make corepack download
  const answer = capture("pnpm", ["--version"], { cwd: parse(root).root, env: askOnly });
  return answer.ok && answer.output === pinnedPnpm();
}

/** Puts the pinned pnpm below `.setup`, where `childEnvironment` finds it. */
export function fetchPnpm() {
  mkdirSync(setupFolder, { recursive: true });
  writeFileSync(join(setupFolder, "package.json"), '{ "private": true }\n');
  const quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const args = ["install", ...quiet, "--ignore-scripts", `pnpm@${pinnedPnpm()}`];
  const result = capture("npm", args, { cwd: setupFolder });
  if (!result.ok) {
    throw new Stop(
      `set-up: npm could not install pnpm ${pinnedPnpm()} (${lastLine(result.text)}). ` +
        "Check the network and npm's registry setting, then run this command again.",
    );
  }
}

/** The store that filled an existing node_modules; pnpm insists on the same one. */
function storeFolder() {
  const record = join(root, "node_modules", ".modules.yaml");
  if (!existsSync(record)) return join(setupFolder, "store");
  const used = readFileSync(record, "utf8").match(/"?storeDir"?:\s*"?([^"\n,]+)/)?.[1];
  return used ? dirname(used) : join(setupFolder, "store"); // pnpm appends its own v10
}

/** Arguments of `pnpm` for an install that writes into this checkout only. */
export function installArguments() {
  const strict = ["install", "--frozen-lockfile", "--config.confirm-modules-purge=false"];
  return [...strict, "--prefer-offline", "--store-dir", storeFolder()];
}

/** Installs what the lockfile lists. */
export function installDependencies() {
  if (run("pnpm", installArguments()) !== 0) {
    throw new Stop(
      "set-up: pnpm install failed (its message is above). If pnpm-lock.yaml is out of date run `pnpm install`; " +
        "otherwise remove node_modules and run this command again.",
    );
  }
}

/** @param {string} text */
function lastLine(text) {
  const lines = text.split("\n").filter((line) => /\S/.test(line) && !/complete log/i.test(line));
  return lines.at(-1)?.trim() ?? "no message";
}
