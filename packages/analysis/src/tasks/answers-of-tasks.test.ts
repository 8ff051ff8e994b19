/** Answers that are several tokens: sets and sequences, against sums over the whole vocabulary and greedy decoding by hand. */
import { toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import type { Method } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { methods as named } from "../methods.js";
import { gpt2Like } from "../shared/test-support.js";
import { taskAccuracy } from "../task-accuracy/task-accuracy.js";
import { comparesAnswers, fewRuns, sweptMethods } from "../testing/each-method.js";
import { createTask } from "./task.js";
import { taskPairs } from "./task-pairs.js";

const methods: readonly Method[] = named; // each as any method, not as itself

const model = new LanguageModel(
  initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 }),
  { config: gpt2Like },
);
const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];

/** Probabilities of the next token, in double precision. */
async function probabilities(ids: readonly number[]): Promise<number[]> {
  const logits = [...toFlat((await model.run([ids], { save: "output" })).last("output"))];
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

const summed = (all: readonly number[], ids: readonly number[]) =>
  ids.reduce((sum, id) => sum + all[id], 0);

describe("sets of answers", () => {
  const [right, wrong] = [
    [3, 8, 11, 40],
    [4, 250],
  ];
  const sets = createTask(model, "sets", [
    { clean, corrupted, answer: { any: right }, wrongAnswer: { any: wrong } },
  ]);

  it("count by their summed probability and mean logit", async () => {
    const { tables } = await taskAccuracy(model, sets.pairs, sets.question);
    const [own] = tables.prompts.rows;
    const all = await probabilities(clean);
    expect(own.probability).toBeCloseTo(summed(all, right), 6);
    expect(own.probabilityDifference).toBeCloseTo(summed(all, right) - summed(all, wrong), 6);
    const mean = (ids: number[]) =>
      ids.reduce((sum, id) => sum + Math.log(all[id]), 0) / ids.length;
    expect(own.logitDifference).toBeCloseTo(mean(right) - mean(wrong), 4);
    const best = Math.max(...right.map((id) => all[id]));
    expect(own.rank).toBe(1 + all.filter((one) => one > best).length);
  });

  it("are taken by every method that compares two prompts, and change what it says", async () => {
    const one = createTask(model, "one", [{ clean, corrupted, answer: 3, wrongAnswer: 4 }]);
    for (const method of sweptMethods(methods.filter(comparesAnswers))) {
      const options = fewRuns(method);
      const result = await method.run(model, sets.pairs, { ...sets.question, ...options });
      const other = await method.run(model, one.pairs, { ...one.question, ...options });
      expect(JSON.stringify(result), method.name).not.toContain("NaN");
      expect(JSON.stringify(result.tables), method.name).not.toBe(JSON.stringify(other.tables));
      expect(result.asked.answer).toEqual([{ any: right }]);
    }
  });

  it("are refused where an answer is right and wrong", () => {
    const pair = { clean, corrupted, answer: { any: [3, 8] }, wrongAnswer: { any: [8, 9] } };
    expect(() => createTask(model, "x", [pair])).toThrow("have the token 8");
  });
});

describe("sequences", () => {
  const [right, wrong] = [
    [3, 8, 11],
    [4, 250],
  ];
  const task = createTask(model, "sequences", [
    { clean, corrupted, answer: { sequence: right }, wrongAnswer: { sequence: wrong } },
  ]);
  const joint = async (prompt: readonly number[], sequence: readonly number[]) => {
    let product = 1;
    for (const [at, id] of sequence.entries()) {
      product *= (await probabilities([...prompt, ...sequence.slice(0, at)]))[id];
    }
    return product;
  };

  it("count by the product of their steps' probabilities", async () => {
    const { tables } = await taskAccuracy(model, task.pairs, task.question);
    const [own, other] = tables.prompts.rows;
    const [p, q] = [await joint(clean, right), await joint(clean, wrong)];
    expect(own.probability / p).toBeCloseTo(1, 4);
    expect(own.logitDifference).toBeCloseTo(Math.log(p / q), 4);
    expect(own.probabilityDifference).toBeCloseTo(p - q, 8);
    expect(other.probability / (await joint(corrupted, wrong))).toBeCloseTo(1, 4);
  });

  it("of one token are that token", async () => {
    const pair = { clean, corrupted, answer: { sequence: [3] }, wrongAnswer: { sequence: [4] } };
    const { question } = createTask(model, "x", [pair]);
    expect(question).toEqual({ answer: [3], wrongAnswer: [4] });
  });

  it("are refused by name where a method reads one position", async () => {
    const interchange = methods.find(({ name }) => name === "das")!;
    const asked = interchange.run(model, task.pairs, task.question);
    await expect(asked).rejects.toThrow("this method reads one position");
  });

  it("are read from words as they continue the prompt", async () => {
    const tiny = await loadModel("tiny");
    const pair = {
      clean: "Mary and John went to the park . John gave a ball to",
      corrupted: "Mary and John went to the park . Mary gave a ball to",
      answer: { sequence: "Mary ." },
      wrongAnswer: { sequence: "John ." },
    };
    const { pairs, question } = createTask(tiny, "words", [pair]);
    const [mary, dot] = [tiny.tokenizer!.tokenToId("Mary"), tiny.tokenizer!.tokenToId(".")];
    expect(question.answer).toEqual([{ sequence: [mary, dot] }]);
    const { tables } = await taskAccuracy(tiny, pairs, question);
    expect(tables.summary.rows[0].prefers).toBe(1);
  });
});

describe("pairs that differ in length", () => {
  const long = [5, 17, 18, 2, 25, 9];
  const short = [5, 30, 2, 25, 9];

  it("are a task where spans say what stands for what", async () => {
    const spans = [{ clean: [1, 3], corrupted: [1, 2] }] as const;
    const pair = { clean: long, corrupted: short, answer: 3, wrongAnswer: 4, spans };
    const { pairs, question } = createTask(model, "ragged", [pair]);
    expect(pairs.spans).toEqual([spans]);
    const { tables } = await taskAccuracy(model, pairs, question);
    const all = await probabilities(short);
    expect(tables.prompts.rows[1].probability).toBeCloseTo(all[4], 6);
  });

  it("are refused without spans, where what is between them differs, and where they overlap", () => {
    const make = (spans?: readonly unknown[]) => () =>
      createTask(model, "x", [
        { clean: long, corrupted: short, answer: 3, wrongAnswer: 4, spans: spans as never },
      ]);
    expect(make()).toThrow("spans");
    expect(make([{ clean: [0, 1], corrupted: [0, 1] }])).toThrow("same number of tokens");
    expect(make([{ clean: [1, 9], corrupted: [1, 2] }])).toThrow("0 ≤ from < to ≤ 6");
    const overlap = [
      { clean: [1, 3], corrupted: [1, 2] },
      { clean: [2, 4], corrupted: [2, 3] },
    ];
    expect(make(overlap)).toThrow("overlap");
  });

  it("find words that occur once", async () => {
    const tiny = await loadModel("tiny");
    const pair = {
      clean: "the capital of France is",
      corrupted: "the capital of the long France is",
      answer: "Paris",
      wrongAnswer: "Rome",
    };
    const make = (cleanSpan: string, corruptedSpan: string) =>
      createTask(tiny, "x", [{ ...pair, spans: [{ clean: cleanSpan, corrupted: corruptedSpan }] }]);
    const { pairs } = make("France", "the long France");
    expect(pairs.spans![0][0]).toEqual({ clean: [4, 5], corrupted: [4, 7] });
    expect(() => make("Spain", "France")).toThrow("nowhere");
    expect(() => make("a", "France")).toThrow("more than once");
  });
});

it("files say all of it, in JSON and in CSV", () => {
  const expected = [
    { clean: "a b", corrupted: "a c d", answer: { any: ["x", "y"] }, wrongAnswer: "z", spans: [{ clean: "b", corrupted: "c d" }] }, // biome-ignore format: one pair
    { clean: "e", corrupted: "f", answer: "g", wrongAnswer: { sequence: "h i" } },
  ];
  const csv = "clean,corrupted,answer,anyAnswer,wrongAnswer,wrongAnswerSequence,cleanSpans,corruptedSpans\na b,a c d,,x|y,z,,b,c d\ne,f,g,,,h i,,\n"; // biome-ignore format: a file
  expect(taskPairs(JSON.stringify(expected), "json")).toEqual(expected);
  expect(taskPairs(csv, "csv")).toEqual(expected);
  const twice = "clean,corrupted,answer,anyAnswer,wrongAnswer\na,b,x,y,z\n";
  expect(() => taskPairs(twice, "csv")).toThrow("more than one answer");
  const misspelt = "clean,corrupted,answer,wrongAnswer,cleanSpan,corruptedSpan\na,b,c,d,a,b\n";
  expect(() => taskPairs(misspelt, "csv")).toThrow('. Did you mean "cleanSpans"?');
  const labelled = "clean,corrupted,answer,wrongAnswer,label\na,b,c,d,32\n";
  expect(taskPairs(labelled, "csv")).toEqual([{ clean: "a", corrupted: "b", answer: "c", wrongAnswer: "d" }]); // biome-ignore format: one line
});
