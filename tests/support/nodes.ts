/** Other versions of Node, as the npm packages `node@…` carry them, kept below `.setup`. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setupFolder } from "../../scripts/lib/checkout.mjs";
import { capture } from "../../scripts/lib/commands.mjs";

/** What people have: from the oldest that is supported to the newest. */
export const nodeVersions = [20, 22, 24, 26] as const;

/** Which of them parse `using`. */
export const parsesUsing = (major: number): boolean => major >= 24;

function installed(folder: string): string | undefined {
  const program = join(folder, "node_modules/node/bin/node");
  return existsSync(program) ? program : undefined;
}

/**
 * The program of one major version: this one, or one from the registry.
 *
 * @returns undefined where the registry is out of reach or has no build for this machine
 */
export function nodeProgram(major: number): string | undefined {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = join(setupFolder, "nodes", String(major));
  if (!installed(folder)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=0"];
    capture("npm", ["install", "--prefer-offline", ...quiet, `node@${major}`], { cwd: folder });
  }
  const program = installed(folder);
  return program && capture(program, ["--version"]).ok ? program : undefined;
}
