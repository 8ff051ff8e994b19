/** The client runs in a browser: nothing of Node, no binding and no method in its bundle. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("is bundled for a page, and is small", async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { createClient } from "./index.ts"; globalThis.client = createClient();`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    platform: "browser", // which refuses every import of Node's own modules
    conditions: ["@mlxterp/source"],
    format: "esm",
    logLevel: "silent",
  });
  const files = Object.keys(metafile.inputs);
  expect(files.filter((file) => /packages\/(mlx|core|models|analysis)\//.test(file))).toEqual([]);
  expect(outputFiles[0].contents.length).toBeLessThan(300_000);
});
