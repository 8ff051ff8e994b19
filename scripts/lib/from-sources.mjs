/** Makes one file of a program and all of our sources that it imports, so that its process starts in a fifth of the time. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** @type {Map<string, Promise<string>>} */
const built = new Map();
/** @type {string | undefined} */
let folder;

/**
 * A program in TypeScript that imports sources, as plain JavaScript. It finds files beside its sources and packages where
 * they are installed, as if it ran in place.
 *
 * @param {string | URL} script
 * @returns {Promise<string>} a file for `node`, which goes with this process
 */
export function fromSources(script) {
  const path = script instanceof URL ? fileURLToPath(script) : script;
  const found = built.get(path) ?? bundle(path);
  built.set(path, found);
  return found;
}

/** @param {string} path */
async function bundle(path) {
  const outfile = join(ownFolder(), `${built.size}-${basename(path, ".ts")}.mjs`);
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: `node${process.versions.node}`,
    conditions: ["@mlxterp/source"],
    keepNames: true, // names of classes are read
    logLevel: "error",
    plugins: [packagesStay, urlsStay],
  });
  return outfile;
}

function ownFolder() {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "mlxterp-programs-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** Packages of others are imported from where they are installed. @type {import("esbuild").Plugin} */
const packagesStay = {
  name: "packages-stay",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, kind, ...from }) => {
      if (pluginData === packagesStay || /^(node:|@?mlxterp(\/|$))/.test(path)) return undefined;
      if (kind === "entry-point") return undefined;
      const options = { kind, ...from, pluginData: packagesStay };
      const { path: found, external, errors } = await resolve(path, options);
      if (external || errors.length > 0) return { path, external, errors };
      return { path: pathToFileURL(found).href, external: true };
    });
  },
};

/** What a source finds by its own place, it still finds. @type {import("esbuild").Plugin} */
const urlsStay = {
  name: "urls-stay",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: source.replaceAll("import.meta.url", url), loader: "ts" };
    });
  },
};
