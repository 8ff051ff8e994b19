/** The workspace's publishable packages, and tarballs of them as the registry would get them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readManifest, root } from "./checkout.mjs";
import { capture, Stop } from "./commands.mjs";

/** @typedef {import("./checkout.mjs").Manifest & { folder: string }} Package */

/**
 * @param {string} [from] root of the workspace to look at
 * @returns {Package[]} every package below `packages` that is not private, by folder name
 */
export function publishablePackages(from = root) {
  const entries = readdirSync(join(from, "packages"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return folders
    .sort()
    .map((name) => join(from, "packages", name))
    .map((folder) => ({ ...readManifest(folder), folder }))
    .filter((manifest) => !manifest.private);
}

/**
 * Packs one package.
 *
 * @param {string} folder
 * @param {string} destination folder for the tarball
 * @returns {string} the tarball's path
 */
export function packPackage(folder, destination) {
  return join(destination, tarballName(JSON.parse(pack(folder, destination, []))));
}

/**
 * Packs every publishable package, in one process.
 *
 * @param {string} destination folder for the tarballs
 * @returns {Record<string, string>} the tarballs' paths, by package
 */
export function packPackages(destination) {
  const names = publishablePackages().map(({ name }) => name);
  const filters = ["--recursive", ...names.map((name) => `--filter=${name}`)];
  const packed = JSON.parse(pack(root, destination, filters));
  return Object.fromEntries(
    packed.map((/** @type {Packed} */ one) => [one.name, join(destination, tarballName(one))]),
  );
}

/** @typedef {{ name: string, filename: string }} Packed */

/** @param {Packed} packed */
function tarballName({ filename }) {
  return /** @type {string} */ (filename.split("/").at(-1));
}

/**
 * @param {string} folder
 * @param {string} destination
 * @param {string[]} filters
 */
function pack(folder, destination, filters) {
  const args = [...filters, "pack", "--json", "--pack-destination", destination];
  const result = capture("pnpm", args, { cwd: folder });
  if (!result.ok) throw new Stop(`pack: pnpm could not pack ${folder}: ${result.text}`);
  return result.output;
}
