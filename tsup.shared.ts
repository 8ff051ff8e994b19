/** The one build configuration that every package uses: ESM and its declarations. */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { defineConfig, type Options } from "tsup";
import { setupFolder } from "./scripts/lib/checkout.mjs";
import { writeDeclarations } from "./scripts/lib/compiler.mjs";
import { mergeChunks } from "./scripts/lib/merge-chunks.mjs";

/** Makes `using` known to consumers whose own `lib` is older. */
const banner = '/// <reference lib="esnext.disposable" />';

/** What a package does differently. */
interface Differences extends Options {
  /** Files with declarations, where these are not all entry points. */
  readonly typed?: readonly string[];
  /** Whether few files are made of many: `index`, `methods` with the schemas it reads at once, and one for all else. */
  readonly merged?: boolean;
  /** What remains to be done when all is built. */
  readonly finish?: () => void;
}

/** @param differences for example the entry points */
export function packageBuild({ typed, merged = false, finish, ...differences }: Differences = {}) {
  const entry = differences.entry ?? ["src/index.ts"];
  const named = Array.isArray(entry)
    ? (typed ?? entry).map((source) => [inside(source), source])
    : Object.entries(entry);
  return defineConfig({
    entry,
    format: "esm",
    platform: "node",
    target: "node20",
    clean: true,
    sourcemap: false,
    treeshake: true,
    silent: true,
    onSuccess: async () => {
      await declare(named);
      if (merged) await mergeChunks(process.cwd(), Object.keys(entry));
      finish?.();
    },
    ...differences,
  });
}

/** Where the compiler puts what it makes of a source: `src/errors/index.ts` → `errors/index`. */
function inside(source: string): string {
  return source.replace(/^src\//, "").replace(/\.tsx?$/, "");
}

/** One declaration file for each entry point, so that nothing internal is to be read, or to be resolved, by a consumer. */
async function declare(named: readonly (readonly string[])[]): Promise<void> {
  const folder = process.cwd();
  const each = join(setupFolder, "declarations", basename(folder));
  rmSync(each, { recursive: true, force: true });
  writeDeclarations(
    folder,
    named.map(([, source]) => source),
    each,
  );
  const input = Object.fromEntries(
    named.map(([name, source]) => [name, join(each, `${inside(source)}.d.ts`)]),
  );
  const bundle = await rollup({ input, plugins: [dts()], external: /^[^./]/ });
  const names = { entryFileNames: "[name].d.ts", chunkFileNames: "[name]-[hash].d.ts" };
  await bundle.write({ dir: join(folder, "dist"), format: "es", banner, ...names });
  await bundle.close();
}
