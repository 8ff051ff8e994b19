/** Pictures and pages are made in a browser, too: nothing of Node and no binding in the bundle. */
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { drawBlock } from "./index.js";
import { wordGrid } from "./test-support.js";

it("draws the same picture in a realm that has nothing but the language", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { drawBlock, htmlReport } from "./index.ts";
        globalThis.draw = (block) => drawBlock(block);
        globalThis.page = (blocks) => htmlReport({ title: "T", blocks });`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    platform: "browser", // which refuses every import of Node's own modules
    conditions: ["@mlxterp/source"],
    format: "iife",
    logLevel: "silent",
  });
  const block = wordGrid(["a", " b"]);
  const context = createContext({ block, TextEncoder, performance, atob, btoa });
  runInContext(outputFiles[0].text, context);
  expect(await runInContext("draw(block)", context)).toBe(await drawBlock(block));
  expect(await runInContext("page([block])", context)).toContain("<svg");
}, 60_000);
