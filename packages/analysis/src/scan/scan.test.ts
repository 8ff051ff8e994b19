/** A scan says what its methods say, beside what chance gives, and what it did not look at. */
import { loadModel, RecurrentModel } from "@mlxterp/models";
import { expect, it } from "vitest";
import { activationPatching } from "../activation-patching/activation-patching.js";
import { ablateHeads } from "../head-ablation/ablate-heads.js";
import { builtInTask } from "../tasks/open-task.js";
import { scan } from "./scan.js";

const model = await loadModel("tiny");
const { pairs, question } = builtInTask(model, "ioi", { size: 3, seed: 0 });

it("finds the head that carries the answer, and says of it what patching and ablation say", async () => {
  const { tables, notes } = await scan(model, pairs, { ...question, top: 3, random: 3 });
  const { rows } = tables.findings;
  expect(rows.map(({ rank }) => rank)).toEqual(rows.map((_, at) => at + 1));
  const [strongest] = rows.filter(({ method }) => method === "patch");
  const [, layer, head] = /^head (\d+)\.(\d+)$/.exec(strongest.where)!;
  const options = { ...question, kinds: "head", layers: [Number(layer)], heads: [Number(head)], positions: "all" } as const; // biome-ignore format: one object
  const patched = await activationPatching(model, pairs, options);
  const effects = patched.tables.baselines.rows.map(({ clean, corrupted }, pair) => (patched.grids.headByPair!.values[pair] - corrupted) / (clean - corrupted)); // biome-ignore format: one line
  expect(strongest.value).toBeCloseTo(effects.reduce((a, b) => a + b, 0) / effects.length, 5);
  expect(strongest.value).toBeGreaterThan(0.9);
  expect(strongest.low!).toBeLessThanOrEqual(strongest.value);
  expect(strongest.high!).toBeGreaterThanOrEqual(strongest.value);
  expect(strongest.null!).toBeLessThan(0.5);
  const without = rows.find(({ method }) => method === "ablate")!;
  const heads = [...without.where.matchAll(/(\d+)\.(\d+)/g)].map(([, one, two]) => [Number(one), Number(two)] as const); // biome-ignore format: one list
  const ablated = await ablateHeads(model, pairs.clean, { ...question, heads, method: "zero" });
  expect(without.value).toBeCloseTo(ablated.tables.change.rows[0].value, 4);
  expect(tables.steps.rows.every(({ looked }) => looked)).toBe(true);
  expect(notes.map(({ code }) => code)).toContain("NOT_LOOKED_AT");
});

it("begins no step when its time is over, and tells which", async () => {
  const { tables, notes } = await scan(model, pairs, { ...question, seconds: 1e-6 });
  expect(tables.steps.rows.map(({ looked }) => looked)).toEqual([true, false, false, false, false, false, false]); // biome-ignore format: one line
  expect(tables.findings.rows.every(({ method }) => method === "task")).toBe(true);
  expect(notes.find(({ code }) => code === "LEFT_OUT")!.text).toContain("attribution of heads");
});

it("leaves out what reads one token where any of several are right", async () => {
  const one = builtInTask(model, "ioi", { size: 1, seed: 0 });
  const any = [{ any: [one.question.answer[0] as number, 3] }];
  const { tables } = await scan(model, one.pairs, {
    ...one.question,
    answer: any,
    top: 1,
    random: 1,
  });
  const left = tables.steps.rows.filter(({ looked }) => !looked).map(({ step }) => step);
  expect(left).toEqual(["what writes towards the answer", "where the answer first leads"]);
});

it("takes answers of several tokens and pairs that spans align, with the methods that do", async () => {
  const clean = "Mary and John went to the park . John gave a ball to";
  const pair = { clean, corrupted: "Mary and John went to the park . Mary gave a ball to" };
  const spans = [{ clean: [10, 11], corrupted: [10, 11] }] as const;
  const asked = { answer: { sequence: "Mary ." }, wrongAnswer: { sequence: "John ." }, top: 1, random: 1 }; // biome-ignore format: one object
  const { tables } = await scan(model, { ...pair, spans }, asked);
  expect(tables.findings.rows.map(({ method }) => method)).toContain("patch");
  const left = tables.steps.rows.filter(({ looked }) => !looked).map(({ step }) => step);
  expect(left).toEqual(["what writes towards the answer", "where the answer first leads"]);
});

it("goes on without the step that needs a stream that is a sum, and says so", async () => {
  const folder = new URL("../../../models/references/recurrent_gemma/base", import.meta.url);
  const hybrid = await loadModel(folder.pathname, { as: RecurrentModel });
  const pair = { clean: [5, 6, 7], corrupted: [5, 8, 7] };
  const { tables, notes } = await scan(hybrid, pair, {
    answer: 7,
    wrongAnswer: 8,
    top: 2,
    random: 2,
  });
  const left = tables.steps.rows.filter(({ looked }) => !looked);
  expect(left).toHaveLength(1);
  const told = notes.filter(({ code }) => code === "NOT_A_SUM");
  expect(told).toHaveLength(1);
  expect(told[0].text).toContain(left[0].step);
  expect(notes.map(({ code }) => code)).not.toContain("LEFT_OUT");
  expect(tables.findings.rows.some(({ method }) => method === "patch")).toBe(true);
});
