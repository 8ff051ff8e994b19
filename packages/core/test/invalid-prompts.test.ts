/** What may not be a prompt, and how it is refused. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InvalidPromptError, TokenRangeError } from "../src/errors.js";
import { InterpretableModel } from "../src/model/model.js";
import type { Prompt } from "../src/tokens/tokens.js";
import { CausalModel, letters } from "./support/causal-model.js";
import { Stack } from "./support/networks.js";

const model = new InterpretableModel(new CausalModel(), {
  tokenizer: letters,
  anatomy: { maxPositions: 6 },
});

describe("what is no prompt", () => {
  it.each<[unknown, RegExp]>([
    [[], /list is empty/],
    [[[]], /Prompt 0 is empty/],
    ["", /Prompt 0 is empty/],
    [["a", ""], /Prompt 1 is empty/],
    [mx.zeros([0], mx.int32), /Prompt 0 is empty/],
    [mx.zeros([0, 3], mx.int32), /list is empty/],
    ["abcdefg", /Prompt 0 has 7 tokens, but this model takes at most 6/],
    [["a", [1, 2, 3, 4, 5, 6, 7]], /Prompt 1 has 7 tokens/],
    [[1, "a"], /not single ids among them/],
    [[[1], 2], /not single ids among them/],
    [[null], /not single ids among them/],
    [[1.5], /Prompt 0 has 1.5 at position 0, which is not a token id/],
    [[[1, "a"]], /has "a" at position 1/],
    [[[1, Symbol("id")]], /has Symbol\(id\) at position 1/],
    [[[Object.create(null)]], /has an object at position 0/],
    [[Number.NaN], /NaN/],
    [undefined, /A prompt is a text/],
    [42, /A prompt is a text/],
    [{ ids: [1] }, /A prompt is a text/],
  ])("is refused: %j", (input, message) => {
    expect(() => model.tokens(input as Prompt)).toThrow(InvalidPromptError);
    expect(() => model.tokens(input as Prompt)).toThrow(message);
    expect(() => model.trace(input as Prompt)).toThrow(message);
  });

  it("includes ids outside the vocabulary, which MLX would not notice", () => {
    expect(() =>
      model.tokens([
        [1, 2],
        [3, 11],
      ]),
    ).toThrow(TokenRangeError);
    expect(() =>
      model.tokens([
        [1, 2],
        [3, 11],
      ]),
    ).toThrow(/Token 11 at position 1 of prompt 1 is not in the vocabulary of 11 \(0 … 10\)/);
    expect(() => model.tokens([-1])).toThrow(TokenRangeError);
    const unknown = new InterpretableModel(new Stack());
    expect(() => unknown.tokens([-1])).toThrow(/ids count from 0/);
  });

  it("includes text where there is no tokenizer", () => {
    const plain = new InterpretableModel(new CausalModel());
    expect(() => plain.trace("abc")).toThrow(/no tokenizer.*Pass \{ tokenizer \}/);
  });
});
