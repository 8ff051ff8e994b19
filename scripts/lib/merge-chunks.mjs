/** Makes few files of the many that splitting leaves: each file that a program loads costs it about a millisecond. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rollup } from "rollup";

/**
 * Writes `dist` anew as its entry points, what `methods` loads at once (schemas, for menus and help), and one file with
 * everything else.
 *
 * @param {string} folder of the package
 * @param {readonly string[]} entries names of the entry points, without the extension; `methods` is among them
 */
export async function mergeChunks(folder, entries) {
  const dist = join(folder, "dist");
  const input = Object.fromEntries(entries.map((name) => [name, join(dist, `${name}.js`)]));
  const entryFiles = new Set(Object.values(input));
  const bundle = await rollup({ input, external: /^[^./]/, treeshake: false });
  for (const name of readdirSync(dist)) if (name.endsWith(".js")) rmSync(join(dist, name)); // read already
  const early = new Set();
  await bundle.write({
    dir: dist,
    format: "es",
    chunkFileNames: "[name]-[hash].js",
    manualChunks: (id, { getModuleInfo }) => {
      if (early.size === 0) addReached(input.methods, early, getModuleInfo);
      if (entryFiles.has(id)) return undefined;
      return early.has(id) ? "schemas" : "library";
    },
  });
  await bundle.close();
}

/**
 * @param {string} id of a module
 * @param {Set<string>} found
 * @param {import("rollup").GetModuleInfo} getModuleInfo
 */
function addReached(id, found, getModuleInfo) {
  if (found.has(id)) return;
  found.add(id);
  for (const next of getModuleInfo(id)?.importedIds ?? []) addReached(next, found, getModuleInfo);
}
