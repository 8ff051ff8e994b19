/** Greater-than, facts and docstring: every pair read back from its tokens, with tokenizers of several habits. */
import { InterpretableModel } from "@mlxterp/core";
import { nn } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import type { Method } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { methods as named } from "../methods.js";
import { sharedModel } from "../shared/test-support.js";
import { taskAccuracy } from "../task-accuracy/task-accuracy.js";
import { comparesAnswers, fewRuns, sweptMethods } from "../testing/each-method.js";
import { sweep } from "../testing/sweeps.js";
import { relations } from "./known-facts.js";
import { taskNames } from "./names.js";
import { builtInTask } from "./open-task.js";

const methods: readonly Method[] = named; // each as any method, not as itself

/** Tokens by a pattern, numbered as they are met. */
function modelWith(pattern: RegExp) {
  const vocabulary: string[] = ["<s>"];
  const ids = new Map<string, number>();
  const idOf = (piece: string) => {
    if (!ids.has(piece)) ids.set(piece, vocabulary.push(piece) - 1);
    return ids.get(piece)!;
  };
  const pieces = (ids: readonly number[]) => ids.map((id) => vocabulary[id]);
  return new InterpretableModel(new nn.Linear(2, 2), {
    tokenizer: {
      encode: (text) => [0, ...(text.match(pattern) ?? []).map(idOf)],
      decode: (ids) => pieces(ids.filter((id) => id > 0)).join(""),
      pieces,
      vocabSize: 5000,
    },
    anatomy: { vocab: 5000 },
  });
}

/** As GPT-2 writes most years: the century, and two digits. */
const twoDigits = modelWith(/ ?\p{L}+| ?\d\d|\s|./gu);
/** As SentencePiece tokenizers do. */
const eachDigit = modelWith(/ ?\p{L}+| ?\d|\s|./gu);
const wholeNumbers = modelWith(/ ?\p{L}+| ?\d+|\s|./gu);
/** Words of more than five letters are two tokens. */
const shortWords = modelWith(/ ?\p{L}{1,5}| ?\d\d|\s|./gu);

type Model = Parameters<typeof builtInTask>[0];

/** Every pair as text. */
function texts(model: Model, name: string, options: { size: number; seed?: number }) {
  const { pairs, question } = builtInTask(model, name, options);
  const text = (ids: readonly number[]) => model.tokenizer!.decode(ids);
  const list = pairs.clean.map((ids, at) => {
    const [clean, corrupted] = [text(ids), text(pairs.corrupted[at])];
    const [answer, wrong] = [question.answer[at], question.wrongAnswer[at]] as [number, number];
    for (const [prompt, token] of [
      [clean, answer],
      [corrupted, wrong],
    ] as const) {
      // biome-ignore format: one line
      const before = model.tokenizer!.encode(prompt);
      expect(model.tokenizer!.encode(prompt + text([...before, token]).slice(text(before).length))).toEqual([...before, token]); // biome-ignore format: one line
    }
    const [answerText, wrongText] = model.tokenizer!.pieces([answer, wrong]);
    return { clean, corrupted, answer: answerText, wrong: wrongText };
  });
  const lengths = [...pairs.clean, ...pairs.corrupted].map(({ length }) => length);
  expect(new Set(lengths).size).toBe(1); // so that methods with an axis of positions take them together
  return list;
}

describe("greater-than", () => {
  it.each([
    ["two digits", twoDigits, 2, ""],
    ["each digit", eachDigit, 1, "5"],
  ] as const)(
    "sets all greater years against all others, with tokens of %s",
    (_, model, digits, rest) => {
      const { pairs, question, metric } = builtInTask(model, "greater-than", { size: 200 });
      expect(metric).toBe("probabilityDifference");
      expect(pairs.clean).toHaveLength(200);
      const lengths = [...pairs.clean, ...pairs.corrupted].map(({ length }) => length);
      expect(new Set(lengths).size).toBe(1);
      const ends = new Set<string>();
      pairs.clean.forEach((ids, at) => {
        const text = (own: readonly number[]) => model.tokenizer!.decode(own);
        const shape = /^The (\w+) lasted from the year (\d\d)(\d+) to the year (\d\d)$/;
        const [, noun, century, end, again] = shape.exec(text(ids))!;
        const [, otherNoun, otherCentury, start] = shape.exec(text(pairs.corrupted[at]))!;
        expect([otherNoun, otherCentury, again]).toEqual([noun, century, century]);
        expect(Number(start)).toBe(digits === 2 ? 1 : 5);
        const years = (answer: unknown) =>
          model
            .tokenizer!.pieces([(answer as { any?: number[] }).any ?? (answer as number)].flat())
            .map((own) => Number(own + rest));
        const all = [...years(question.wrongAnswer[at]), ...years(question.answer[at])];
        expect(all).toHaveLength(10 ** digits); // every end is in one of the two
        expect(new Set(all).size).toBe(10 ** digits);
        for (const year of years(question.answer[at])) expect(year).toBeGreaterThan(Number(end));
        for (const year of years(question.wrongAnswer[at]))
          expect(year).toBeLessThanOrEqual(Number(end));
        ends.add(end);
      });
      expect(ends.size).toBeGreaterThan(digits === 2 ? 40 : 5);
    },
  );

  it("is refused where a year is one token, so that no end is", () => {
    const make = () => builtInTask(wholeNumbers, "greater-than");
    expect(make).toThrow(/years whose ends are one token for the task "greater-than"/);
  });
});

describe("facts", () => {
  const known = relations.flatMap(({ template, facts }) =>
    facts.map(([subject, attribute]) => [template.replace("{}", subject), attribute] as const),
  );
  const attributeOf = new Map(known);

  it("has one attribute for each subject", () => {
    expect(attributeOf.size).toBe(known.length);
  });

  it.each([
    ["whole words", twoDigits],
    ["words of five letters", shortWords],
  ] as const)("asks for the attribute of the subject, with %s", (_, model) => {
    const list = texts(model, "facts", { size: 200 });
    expect(list).toHaveLength(200);
    for (const { clean, corrupted, answer, wrong } of list) {
      expect(answer).toBe(` ${attributeOf.get(clean)}`);
      expect(wrong).toBe(` ${attributeOf.get(corrupted)}`);
      expect(clean.split(" ").slice(0, 3)).toEqual(corrupted.split(" ").slice(0, 3));
      if (model === shortWords) expect(answer.length).toBeLessThanOrEqual(6);
    }
    const prompts = new Set(list.map((pair) => `${pair.clean}|${pair.corrupted}`));
    expect(prompts.size).toBe(200);
  });
});

describe("docstring", () => {
  it.each([
    ["whole words", twoDigits],
    ["words of five letters", shortWords],
  ] as const)("asks for the third argument, with %s", (_, model) => {
    for (const { clean, corrupted, answer, wrong } of texts(model, "docstring", { size: 50 })) {
      const parts = /^def \w+\(self, (.*)\):\n {4}"""[\w ]+\n\n {4}:param (\w+): [\w ]+\n {4}:param (\w+): [\w ]+\n {4}:param$/; // biome-ignore format: a pattern
      const [[, own, ...named], [, other, ...same]] = [parts.exec(clean)!, parts.exec(corrupted)!];
      const [names, others] = [own, other].map((list) => list.split(", "));
      expect(named).toEqual(names.slice(0, 2));
      expect(same).toEqual(named);
      expect([` ${names[2]}`, ` ${others[2]}`]).toEqual([answer, wrong]);
      expect(others).toEqual(names.with(2, others[2]));
      expect(new Set([...names, ...others]).size).toBe(5);
    }
  });
});

const added = ["greater-than", "facts", "docstring"] as const;

it.each(added)("%s: the same seed draws the same pairs, another seed others", (name) => {
  const draw = (seed: number) => builtInTask(twoDigits, name, { size: 6, seed });
  expect(draw(3)).toEqual(draw(3));
  expect(draw(4)).not.toEqual(draw(3));
  expect(draw(3).notes).toEqual([]); // ids leave nothing to be read
});

it.each([
  ["greater-than", /too few years whose ends/],
  ["docstring", /too few argument names/],
] as const)("%s: refused by name on a vocabulary without such words", async (name, message) => {
  const make = async () => builtInTask(await loadModel("tiny"), name);
  await expect(make()).rejects.toThrow(message);
  await expect(make()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

it.each(taskNames.filter((name) => name !== "induction"))(
  "%s: refused by name where every letter is a token of its own",
  (name) => {
    const letters = modelWith(/\P{N}|\d\d\d\d|\d/gu);
    const make = () => builtInTask(letters, name);
    expect(make).toThrow(new RegExp(`too few .* for the task "${name}"`));
  },
);

it.each([undefined, null, {}])("%s is no model to make a task for", (model) => {
  const make = () => builtInTask(model as never, "ioi");
  expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", argument: "model" }));
});

it("facts are known to the shipped model, and every method of pairs takes them", async () => {
  const model = await loadModel("tiny");
  const { pairs, question } = builtInTask(model, "facts", { size: 40 });
  const { tables, notes } = await taskAccuracy(model, pairs, question);
  expect(notes).toEqual([]);
  for (const { prefers, first } of tables.summary.rows) {
    expect(prefers).toBe(1);
    expect(first).toBeGreaterThan(0.8);
  }
  const two = builtInTask(model, "facts", { size: 2 });
  for (const method of sweptMethods(methods.filter(comparesAnswers))) {
    const result = await method.run(model, two.pairs, { ...two.question, ...fewRuns(method) });
    expect(JSON.stringify(result), method.name).not.toContain("NaN");
  }
});

const stories15M = sharedModel("stories15M");

it.skipIf(!stories15M.available).each(sweep(["docstring", "facts", "greater-than"] as const, 1))(
  "%s on stories15M",
  async (name) => {
    const model = await loadModel(stories15M.folder);
    if (name !== "greater-than") expect(texts(model, name, { size: 12 })).toHaveLength(12);
    const { pairs, question } = builtInTask(model, name, { size: 12 });
    const { tables } = await taskAccuracy(model, pairs, question);
    expect(tables.prompts.rows).toHaveLength(24);
  },
);
