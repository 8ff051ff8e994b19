/** A browser opens the results of every method: what methods return needs no binding and nothing of Node to be read. */
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { loadModel } from "@mlxterp/models";
import { toJson } from "@mlxterp/results";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { methods } from "./methods.js";
import { resultsOfList } from "./testing/each-method.js";

/** What a page would do with a file that it is given. */
const page = `
  import { compare, gridToCsv, resultsFromJson, tableToCsv, toJson } from "@mlxterp/results";
  globalThis.open = (text) => {
    const results = resultsFromJson(text);
    return JSON.stringify({
      again: toJson(results),
      same: results.every((one) => compare(one, resultsFromJson(toJson(one))[0]) === undefined),
      grids: results.map(({ grids }) => Object.values(grids).map((grid) => gridToCsv(grid))),
      tables: results.map(({ tables }) => Object.values(tables).map((table) => tableToCsv(table))),
    });
  };`;

const { outputFiles } = await build({
  stdin: {
    contents: page,
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
const context = createContext({});
runInContext(outputFiles[0].text, context);
const model = await loadModel("tiny");

it.each(methods.map((method) => [method.name, method] as const))("%s", async (_, method) => {
  const results = await resultsOfList(model, method);
  const text = toJson(results);
  const open = runInContext("open", context) as (text: string) => string;
  const { again, same, grids, tables } = JSON.parse(open(text));
  expect(again).toBe(text);
  expect(same).toBe(true);
  for (const [index, result] of results.entries()) {
    const sizes = Object.values(result.grids).map((grid) => grid?.values.length);
    const rows = Object.values(result.tables).map((table) => table?.rows.length);
    const lines = (csv: string) => csv.split("\r\n").length - 2; // without the header and the end
    expect(grids[index].map(lines)).toEqual(sizes);
    expect(tables[index].map(lines)).toEqual(rows);
  }
});
