/** Where things lie in this checkout; everything that set-up downloads stays below `.setup`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** Ignored folder for what set-up fetches: pnpm itself, its store, and the caches. */
export const setupFolder = join(root, ".setup");

/**
 * One package.json, as far as the scripts read it.
 *
 * @typedef {{ name: string, version: string, private?: boolean, packageManager?: string }} Manifest
 */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** The pnpm version that the root package.json pins. */
export function pinnedPnpm() {
  const pinned = readManifest(root).packageManager ?? "";
  return pinned.replace(/^pnpm@/, "").replace(/\+.*$/, "");
}
