/** The main entry needs no binding and nothing of Node: bundled for a browser, it reads and compares results there. */
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { createGrid, toJson } from "./index.js";

/** A script as a page would load it. */
async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    bundle: true,
    write: false,
    platform: "browser", // which refuses every import of Node's own modules
    conditions: ["@mlxterp/source"],
    format: "iife",
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

it("runs in a realm that has nothing but the language", async () => {
  const script = await bundle(
    `import { fromJson, toJson, valueAt } from "./index.ts";
     globalThis.read = (text) => { const grid = fromJson(text); return [valueAt(grid, { layer: 1 }), toJson(grid)]; };`,
  );
  const grid = createGrid({
    labels: { layer: [0, 1] },
    values: Float32Array.of(1, 0.5),
    unit: "share",
  });
  const context = createContext({ text: toJson(grid) });
  runInContext(script, context);
  expect([...runInContext("read(text)", context)]).toEqual([0.5, toJson(grid)]);
});

it("would notice an import of Node", async () => {
  await expect(bundle(`import "node:fs";`)).rejects.toThrow("node:fs");
});
