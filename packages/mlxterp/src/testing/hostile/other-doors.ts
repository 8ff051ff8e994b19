/** Public functions of results, viz and server with right arguments. */
import { PassThrough } from "node:stream";
import * as results from "@mlxterp/results";
import * as server from "@mlxterp/server";
import { serveAgent } from "@mlxterp/server/agent";
import * as client from "@mlxterp/server/client";
import * as viz from "@mlxterp/viz";
import * as png from "@mlxterp/viz/png";
import { z } from "zod";
import type { Bench } from "./bench.js";
import { attention, bars, graph, grid, strip } from "./blocks.js";
import type { Calls } from "./doors.js";
import { later } from "./later.js";

export function resultFunctions({ resultOf, tokenizer }: Bench): Calls {
  const numbers = results.createGrid({ labels: { layer: [0, 1], head: [0, 1] }, values: [1, 2, 3, 4], unit: "logits" }); // biome-ignore format: one grid
  const table = results.createTable(["layer", "loss"], [{ layer: 0, loss: 2.5 }]);
  const schema = z.object({ topK: z.int().positive().default(5) });
  const fed = { role: "prompt", ids: [4], pieces: ["Mary"] };
  const origin = later(async () => (await resultOf("lens")).provenance);
  const shape = { method: "lens", grids: { answerRank: ["layer", "position"] }, tables: {} };
  const stored = later(() => resultOf("lens"));
  return {
    bootstrapMean: [results.bootstrapMean, [1, 2, 3, 4]],
    checkBlock: [results.checkBlock, "block", grid],
    checkBlocks: [results.checkBlocks, "blocks", [grid, bars]],
    checkChoice: [results.checkChoice, "which", "a", ["a", "b"]],
    checkOptions: [results.checkOptions, "f", { topK: 5 }, { topK: true }],
    checkResult: [results.checkResult, "result", stored, shape],
    readsResult: [(...args: [never, never]) => results.readsResult(...args), shape, (result: unknown) => result], // biome-ignore format: one call
    tokenTexts: [results.tokenTexts, tokenizer, [1, 2]],
    compare: [results.compare, stored, stored, { absolute: 1e-5, relative: 1e-5 }],
    createGrid: [results.createGrid, { labels: { layer: [0, 1] }, values: [1, 2], unit: "logits", neutral: 0, low: Float64Array.of(1, 2), high: Float64Array.of(1, 2) }], // biome-ignore format: one call
    createTable: [results.createTable, ["layer"], [{ layer: 0 }]],
    defineMethod: [results.defineMethod, { name: "early", title: "E", summary: "e", input: "prompts", options: schema, run: async () => [], view: () => [] }], // biome-ignore format: one call
    definitionOf: [results.definitionOf, z.boolean()],
    didYouMean: [results.didYouMean, "layer", ["heads", "layers"]],
    divergingAround: [results.divergingAround, [1, -3], 0, 1],
    fedBlocks: [results.fedBlocks, [fed]],
    fieldsOf: [results.fieldsOf, schema],
    formatCell: [results.formatCell, 1.5],
    formatNumber: [results.formatNumber, 1.5],
    formatPercent: [results.formatPercent, 0.5],
    fromJson: [results.fromJson, '{"$number":"Infinity"}'],
    gridToCsv: [results.gridToCsv, numbers],
    innerSchema: [results.innerSchema, z.int().default(5).optional()],
    labelKey: [results.labelKey, { id: 7, text: " Mary", position: 1 }],
    labelText: [results.labelText, { id: 7, text: " Mary", position: 1 }],
    nearestWords: [results.nearestWords, "layer", ["heads", "layers"], 1],
    noteBlocks: [results.noteBlocks, [{ code: "a", text: "b" }]],
    originDifferences: [results.originDifferences, origin, origin],
    parseOptions: [results.parseOptions, "f", schema, { topK: 3 }],
    placesOf: [results.placesOf, numbers, "layer"],
    provenanceProblem: [results.provenanceProblem, origin],
    readOnly: [results.readOnly, z.array(z.int())],
    requireSameOrigin: [results.requireSameOrigin, origin, origin, "No", "Again."],
    resultsFromJson: [results.resultsFromJson, later(async () => results.toJson(await resultOf("lens")))], // biome-ignore format: one call
    resultsToCsv: [results.resultsToCsv, later(async () => [await resultOf("lens")])],
    rowsOf: [results.rowsOf, numbers],
    rowsToCsv: [results.rowsToCsv, [{ a: 1 }, { b: "x" }]],
    section: [results.section, "title", bars],
    shapeOf: [results.shapeOf, numbers],
    sliceOf: [results.sliceOf, numbers, { head: 0 }],
    tableToCsv: [results.tableToCsv, table],
    text: [results.text, "said", "quiet"],
    toJson: [results.toJson, { a: Float32Array.of(1) }, 2],
    valueAt: [results.valueAt, numbers, { layer: 1, head: -1 }],
    visibleJson: [results.visibleJson, '"Mary"'],
    visibleLine: [results.visibleLine, "two\nlines"],
    visibleText: [results.visibleText, "two\nlines"],
    visibleToken: [results.visibleToken, " Mary"],
  };
}

export const vizFunctions: Calls = {
  cssVariables: [viz.cssVariables, viz.themes.light],
  display: [viz.display, bars, { theme: "dark" }],
  drawBlock: [viz.drawBlock, grid, { theme: "dark", size: "paper" }],
  drawBlocks: [viz.drawBlocks, [grid, bars], { theme: "light", size: "screen", title: "T", footer: "F" }], // biome-ignore format: one call
  htmlReport: [viz.htmlReport, { title: "T", blocks: [grid, bars, attention, graph, strip] }],
  vegaLite: [viz.vegaLite, grid],
  svgToPng: [png.svgToPng, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', { scale: 2 }], // biome-ignore format: one call
};

export function serverFunctions({ model }: Bench): Calls {
  const serve = (...args: [never]) => {
    const made = server.createServer(...args);
    return made.fetch(new Request("http://localhost/api/capabilities")).finally(made.close);
  };
  const call = (...args: [never]) => client.createClient(...args).tokens("tiny", { input: "a" } as never); // biome-ignore format: one call
  const options = { models: [model], methods: [], roots: ["."], downloads: false, token: "0123456789abcdef", names: ["a"], origins: ["http://localhost:5173"], limits: { seconds: 5 }, assets: ".", agent: true, onError: () => undefined }; // biome-ignore format: one object
  return {
    createServer: [serve, options],
    createClient: [call, { url: "http://localhost:1", token: "0123456789abcdef", fetch: async () => new Response("{}") }], // biome-ignore format: one call
    serveAgent: [serveAgent, { models: [model], methods: [], roots: ["."], downloads: false, write: false, budget: {}, limits: { seconds: 5 }, onError: () => undefined, input: new PassThrough(), output: new PassThrough() }], // biome-ignore format: one call
    isLoopback: [server.isLoopback, "127.0.0.1"],
  };
}
