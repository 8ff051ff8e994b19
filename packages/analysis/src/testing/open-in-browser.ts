/** For tests: what a page makes of results: what methods return needs no binding and nothing of Node to be read. */
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";

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

/** What a page made of a file. */
interface Opened {
  /** The file, written again. */
  readonly again: string;
  /** Whether each result is equal to what its own file holds. */
  readonly same: boolean;
  /** Of each result, as CSV. */
  readonly grids: readonly (readonly string[])[];
  readonly tables: readonly (readonly string[])[];
}

/** A page's realm, where there is nothing of Node. */
export async function pageThatOpens(): Promise<(file: string) => Opened> {
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
  const open = runInContext("open", context) as (text: string) => string;
  return (file) => JSON.parse(open(file)) as Opened;
}
