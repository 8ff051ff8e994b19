/** Tasks: what they hold for a model, and what they refuse. */
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { activationPatching } from "../activation-patching/activation-patching.js";
import { llamaLike, sharedModel } from "../shared/test-support.js";
import { taskAccuracy } from "../task-accuracy/task-accuracy.js";
import { builtInTask } from "./open-task.js";
import { createTask } from "./task.js";
import { taskPairs } from "./task-pairs.js";

const tiny = await loadModel("tiny");
const bare = new LanguageModel(
  initializeWeights(new Decoder(llamaLike), { seed: 3, deviation: 0.3 }),
  { config: llamaLike },
);

describe.each(["ioi", "agreement", "pronouns", "induction"])("the task %s", (name) => {
  it("has as many tokens in both prompts, which differ, and two answers", () => {
    const task = builtInTask(tiny, name, { size: 5 });
    expect(task.notes).toEqual([]); // ids leave nothing to be read
    const { pairs, question } = task;
    expect(pairs.clean).toHaveLength(5);
    pairs.clean.forEach((ids, at) => {
      expect(ids).toHaveLength(pairs.corrupted[at].length);
      expect(ids).not.toEqual(pairs.corrupted[at]);
      expect(question.answer[at]).not.toBe(question.wrongAnswer[at]);
    });
    expect(builtInTask(tiny, name, { size: 5 })).toEqual(task);
    expect(builtInTask(tiny, name, { size: 5, seed: 1 })).not.toEqual(task);
  });
});

it("induction needs no tokenizer, and answers with what followed", () => {
  const { pairs, question } = builtInTask(bare, "induction", { size: 20 });
  pairs.clean.forEach((ids, at) => {
    const last = ids[ids.length - 1];
    expect(ids[ids.indexOf(last) + 1]).toBe(question.answer[at]);
    const other = pairs.corrupted[at];
    expect(other[other.indexOf(last) + 1]).toBe(question.wrongAnswer[at]);
  });
});

it("is what methods take, with the same numbers as prompts in words", async () => {
  const written = {
    clean: "Mary and John went to the park . John gave a ball to",
    corrupted: "Mary and John went to the park . Mary gave a ball to",
    answer: "Mary",
    wrongAnswer: "John",
  };
  const task = createTask(tiny, "one", [written]);
  const { clean, corrupted, ...question } = written;
  const options = { kinds: "mlp" as const };
  const own = await activationPatching(tiny, { clean, corrupted }, { ...question, ...options });
  const same = await activationPatching(tiny, task.pairs, { ...task.question, ...options });
  expect(same.grids.mlp!.values).toEqual(own.grids.mlp!.values);
});

it("is done by the shipped model, and said so where it is not", async () => {
  const { pairs, question } = builtInTask(tiny, "ioi", { size: 6 });
  const done = await taskAccuracy(tiny, pairs, question);
  expect(done.tables.summary.rows.map(({ prefers }) => prefers)).toEqual([1, 1]);
  expect(done.notes).toEqual([]);
  const { pairs: random, question: asked } = builtInTask(bare, "induction", { size: 12 });
  const { notes, tables } = await taskAccuracy(bare, random, asked);
  expect(notes.map(({ code }) => code)).toContain("TASK_NOT_DONE");
  const rows = tables.prompts.rows.filter(({ prompt }) => prompt === "clean");
  const share = rows.filter(({ logitDifference }) => logitDifference > 0).length / rows.length;
  expect(tables.summary.rows[0].prefers).toBeCloseTo(share, 10);
});

it("tells that the shipped model does not do the pronouns: it says the name again", async () => {
  const { pairs, question } = builtInTask(tiny, "pronouns", { size: 6 });
  const { tables, notes, fed } = await taskAccuracy(tiny, pairs, question);
  expect(notes.map(({ code }) => code)).toContain("TASK_NOT_DONE");
  tables.prompts.rows.forEach(({ first, rank, pair, prompt }) => {
    const { pieces } = fed[2 * pair + (prompt === "clean" ? 0 : 1)];
    expect(pieces.map((piece) => piece.trim())).toContain(first.trim());
    expect(rank).toBeGreaterThan(20);
  });
});

it("reads pairs from files", () => {
  const csv = 'clean,corrupted,answer,wrongAnswer\n"a, b",a c,d,e\nf,g,h,i\n';
  const pairs = [
    { clean: "a, b", corrupted: "a c", answer: "d", wrongAnswer: "e" },
    { clean: "f", corrupted: "g", answer: "h", wrongAnswer: "i" },
  ];
  expect(taskPairs(csv, "csv")).toEqual(pairs);
  expect(taskPairs(JSON.stringify(pairs), "json")).toEqual(pairs);
});

describe("refuses", () => {
  const wrong: [string, () => unknown, RegExp][] = [
    [
      "a name that is none",
      () => builtInTask(tiny, "iou"),
      /along\. Did you mean "ioi"\? There are/,
    ],
    [
      "a size that is no number",
      () => builtInTask(tiny, "ioi", { size: 0 }),
      /size: must be a positive integer, not 0/,
    ],
    ["no pairs", () => createTask(tiny, "x", []), /at least one pair/],
    ["a file that is no JSON", () => taskPairs("{", "json"), /no JSON/],
    ["a file without a column", () => taskPairs("clean,answer\na,b\n", "csv"), /corrupted/],
    ["prompts of other length", () => createTask(bare, "x", [{ clean: [1, 2], corrupted: [1], answer: 3, wrongAnswer: 4 }]), /same number of tokens/], // biome-ignore format: one case
    ["equal answers", () => createTask(bare, "x", [{ clean: [1, 2], corrupted: [1, 3], answer: 3, wrongAnswer: 3 }]), /nothing tells them apart/], // biome-ignore format: one case
    ["words without a tokenizer", () => builtInTask(bare, "ioi"), /too few names/],
  ];
  it.each(wrong)("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

const stories15M = sharedModel("stories15M");

it.skipIf(!stories15M.available)(
  "stories15M does the indirect object, and the pronouns",
  async () => {
    const model = await loadModel(stories15M.folder);
    for (const name of ["ioi", "pronouns"]) {
      const { pairs, question } = builtInTask(model, name, { size: 8 });
      const { tables } = await taskAccuracy(model, pairs, question);
      const [clean] = tables.summary.rows;
      expect(clean.prefers, name).toBeGreaterThanOrEqual(0.75);
    }
  },
);
