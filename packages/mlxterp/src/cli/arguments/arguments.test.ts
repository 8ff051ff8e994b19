/** Arguments are read strictly: what is not understood is told, never ignored. */
import type { LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { parseArguments } from "./arguments.js";
import { UsageError } from "./failure.js";
import { choice, choices, integer, number, text, texts, toggle, tokenIds } from "./options.js";
import { visibleTexts } from "./prompt.js";

const table = {
  model: text("a model"),
  top: integer("how many", { minimum: 1 }),
  layer: integer("which"),
  share: number("a share", { minimum: 0, maximum: 1 }),
  kind: choices("kinds", ["residual", "head"]),
  unit: choice("a unit", ["logit", "nat"]),
  tokens: tokenIds("ids"),
  intervene: texts("changes", "site=change"),
  json: toggle("data only"),
};

const read = (...argv: string[]) => parseArguments(argv, table);

describe("arguments", () => {
  it("become typed values, with words apart", () => {
    const { options, words } = read("a prompt", "--top", "3", "--share=0.5", "--json");
    expect(words).toEqual(["a prompt"]);
    expect(options).toMatchObject({ top: 3, share: 0.5, json: true, model: undefined });
  });

  it("take negative numbers as values, with and without an equals sign", () => {
    expect(read("--layer", "-1").options.layer).toBe(-1);
    expect(read("--layer=-2").options.layer).toBe(-2);
  });

  it("collect repeatable options and lists", () => {
    const { options } = read("--intervene", "a=scale(2)", "--intervene", "b=zeroOut()");
    expect(options.intervene).toEqual(["a=scale(2)", "b=zeroOut()"]);
    expect(read("--kind", "head,residual").options.kind).toEqual(["head", "residual"]);
    expect(read("--tokens", "2, 0 1").options.tokens).toEqual([2, 0, 1]);
  });

  it("end at --", () => {
    expect(read("--json", "--", "--top").words).toEqual(["--top"]);
  });

  it.each([
    [["--tpo", "3"], "There is no option --tpo. Did you mean --top?"],
    [["-x"], "There is no option -x."],
    [["--top"], "--top needs a value: --top <n>."],
    [["--top", "--json"], "--top needs a value: --top <n>."],
    [["--top", "three"], '--top needs an integer of at least 1, not "three".'],
    [["--top", "0"], '--top needs an integer of at least 1, not "0".'],
    [["--top", "1.5"], '--top needs an integer of at least 1, not "1.5".'],
    [["--share", "2"], '--share needs a number from 0 to 1, not "2".'],
    [["--layer", ""], '--layer needs an integer, not "".'],
    [["--top", "1", "--top", "2"], "--top is given 2 times; it takes one value."],
    [["--json=yes"], "--json takes no value."],
    [["--kind", "heads"], '--kind takes residual, head, not "heads".'],
    [["--unit", "logit,nat"], '--unit takes logit, nat, not "logit,nat".'],
    [["--tokens", "1,two"], '--tokens needs token ids such as 2,0,1, not "1,two".'],
    [["--constructor"], "There is no option --constructor."],
  ])("refuse %j", (argv, message) => {
    expect(() => read(...argv)).toThrow(UsageError);
    expect(() => read(...argv)).toThrow(message);
  });
});

it("shows ids beyond the tokenizer's vocabulary as ids", () => {
  const tokenizer = { vocabSize: 2, pieces: (ids: number[]) => ids.map((id) => ["a", " b"][id]) };
  const model = { tokenizer } as unknown as LanguageModel; // embeddings are often padded
  expect(visibleTexts(model, [1, 2, 0])).toEqual(["·b", "<2>", "a"]);
  expect(visibleTexts({} as LanguageModel, [7])).toEqual(["7"]);
});
