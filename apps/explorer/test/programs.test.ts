/** Runs that are taken away as TypeScript: the programs run, with the library alone, and find the page's own numbers. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, type Result, resultsFromJson } from "@mlxterp/results";
import { createServer } from "@mlxterp/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromSources } from "../../../scripts/lib/from-sources.mjs";
import { serverApi } from "../src/api/server-api.js";
import type { Change, Place } from "../src/changes/change.js";
import { continuationProgramOf, programOf } from "../src/export/program-of.js";
import { Explorer } from "../src/state/explorer.js";
import { memoryKeep } from "../src/timeline/keep.js";

const folder = fileURLToPath(new URL("../node_modules/.cache/programs", import.meta.url));
const explorer = new Explorer(serverApi({ fetch: createServer().fetch, url: "http://localhost" }), memoryKeep()); // biome-ignore format: one line
const stream: Place = { part: "after", layer: 1, position: 9 };
const head: Place = { part: "head", layer: 3, head: 0 };
const other = "Mary and John went to the park . Mary gave a ball to";
const on = (id: string) => ({ id, on: true });

/** Every kind of change, at every kind of place. */
const everything: readonly Change[] = [
  { ...on("1"), kind: "ablate", place: { part: "mlp", layer: 0, position: 2 } },
  { ...on("2"), kind: "scale", place: { ...head, part: "edge", position: 13, key: 3 }, factor: 0.5 }, // biome-ignore format: one change
  { ...on("3"), kind: "steer", place: { part: "after", layer: 0 }, toward: "Anna", from: "John", factor: 0.3 }, // biome-ignore format: one change
  { ...on("4"), kind: "steer", place: { ...head, layer: 1 }, toward: "Anna", from: "", factor: -0.4 }, // biome-ignore format: one change
  { ...on("5"), kind: "patch", place: stream, source: other, amount: 1 },
  { ...on("6"), kind: "patch", place: { ...head, position: 13 }, source: "Mary gave a ball to", amount: 0.25 }, // biome-ignore format: one change
  { ...on("7"), kind: "patch", place: { ...head, layer: 2 }, source: other, amount: 1 },
  { id: "8", on: false, kind: "ablate", place: stream },
];
/** Changes are sent as numbers of the page and made by the program itself. */
const near = { absolute: 1e-4, relative: 1e-4 };
const programs: string[] = [];
const found: (readonly Result[])[] = [];
const swap: Change = { ...on("9"), kind: "swap", position: 9, was: "John", token: { id: 12, text: "?" } }; // biome-ignore format: one change
const drawn = { temperature: 1, topP: 0.9, seed: 5 };
/** Greedily with all changes, and drawn with a token swapped, which the plain text does not have. */
const continuations = [[{ maxTokens: 8 }, everything], [drawn, [swap]], [drawn, [swap, ...everything]]] as const; // biome-ignore format: one table
/** What the page wrote, plain and changed. */
const written: string[][] = [];
let printed: string[] = [];

async function runAndTake(tool: string): Promise<void> {
  explorer.open(tool);
  await explorer.run();
  expect(explorer.problem.value).toBeUndefined();
  const line = explorer.history.value.lines.findLast(({ run }) => run !== undefined)!;
  expect(line.run?.method).toBe(tool);
  programs.push(await programOf(explorer, line));
  found.push(explorer.results.value[line.id].map(({ result }) => result));
}

beforeAll(async () => {
  await explorer.start();
  explorer.live.value = false;
  explorer.act("Everything", { changes: everything });
  await runAndTake("lens");
  await runAndTake("patch");
  explorer.act("Swap", { changes: [swap] });
  await runAndTake("attention");
  explorer.task.value = "ioi";
  await runAndTake("task");
  const { generation } = explorer;
  for (const [sampling, changes] of continuations) {
    explorer.act("Other changes", { changes });
    generation.sampling.value = { ...generation.sampling.value, ...sampling };
    await generation.start(explorer.desk.value);
    const streams = [generation.plain.value, generation.changed.value];
    written.push(streams.map((stream) => (stream?.steps ?? []).map(({ text }) => text).join("")));
    programs.push(await continuationProgramOf(explorer));
  }
  printed = await runPrograms();
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All programs in one process, one after the other. */
async function runPrograms(): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const mark = "-- next --";
  programs.forEach((text, at) => {
    writeFileSync(join(folder, `program-${at}.ts`), text);
  });
  const imports = programs.map((_, at) => `await import("./program-${at}.ts"); console.log("${mark}");`); // biome-ignore format: one line
  writeFileSync(join(folder, "all.ts"), imports.join("\n"));
  const script = await fromSources(join(folder, "all.ts"));
  const output = execFileSync(process.execPath, [script], { encoding: "utf8", maxBuffer: 1e8 });
  return output.split(`${mark}\n`);
}

it.each([
  ["a lens with every kind of change", 0],
  ["patching between two prompts, one of them changed", 1],
  ["a prompt with a token swapped", 2],
  ["a task's pairs", 3],
] as const)("repeats %s, to the page's own numbers", (_, at) => {
  const again = resultsFromJson(printed[at]);
  expect(again).toHaveLength(found[at].length);
  again.forEach((result, index) => {
    expect(compare(found[at][index], result, near)).toBeUndefined();
  });
});

it.each([
  ["greedily", 4],
  ["drawn, with a token swapped", 5],
  ["drawn, with a token swapped and all changes", 6],
] as const)("writes on as the page does, plain and changed, %s", (_, at) => {
  const [plain, changed] = written[at - 4];
  expect(plain.length).toBeGreaterThan(10);
  expect(changed).not.toBe(plain);
  expect(printed[at]).toBe(`${plain}\n${changed}\n`);
});

it("says changes in the library's words, not in numbers", () => {
  expect(programs[0]).toContain("patchFrom(cache");
  expect(programs[0]).toContain("atPositions(13, atKeys(3, atHeads(0, scale(0.5))))");
  expect(Math.max(...programs[0].split("\n").map(({ length }) => length))).toBeLessThan(400);
});
