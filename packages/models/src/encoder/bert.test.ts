/** What a forward pass of BERT may be given beside ids: MLX reads beyond rows and tables without a word. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../test-support/reference.js";
import { Bert } from "./bert.js";
import type { BertPassOptions } from "./encoder-body.js";

const bert = new Bert({
  vocab: 11,
  hidden: 8,
  maxPositions: 6,
  tokenTypes: 2,
  layers: 2,
  heads: 2,
  mlp: { hidden: 16, activation: "gelu" },
  norm: { kind: "layer", epsilon: 1e-5, bias: true },
  headActivation: "gelu",
});
const ids = mx.array(
  [
    [1, 5, 2, 0],
    [3, 4, 6, 7],
  ],
  mx.int32,
);

describe("lengths", () => {
  it("hide the padding: a row has the logits that it has alone", () => {
    const together = bert.forward(ids, { lengths: [3, 4] });
    const alone = bert.forward(mx.array([[1, 5, 2]], mx.int32));
    const first = together.index(mx.Slice(0, 1), mx.Slice(0, 3));
    expect(maxDifference(first, alone)).toBeLessThan(1e-5);
  });

  it.each([
    ["beyond the row", [3, 5]],
    ["of nothing, which made every score NaN", [0, 4]],
    ["below nothing", [-1, 4]],
    ["in fractions", [1.5, 4]],
    ["for too few rows, which were spread over all", [3]],
    ["for too many rows", [3, 4, 4]],
  ])("%s are refused", (_, lengths) => {
    const message = "lengths: must be a list of 2 numbers of real tokens, each from 1 to 4.";
    expect(() => bert.forward(ids, { lengths })).toThrow(message);
  });

  it("that are no list are refused", () => {
    const lengths = 3 as unknown as readonly number[];
    expect(() => bert.forward(ids, { lengths })).toThrow(/^lengths: must be a list/);
  });
});

describe("kinds of tokens", () => {
  it("of zeros are the default, and others change what comes out", () => {
    const plain = bert.forward(ids);
    expect(maxDifference(bert.forward(ids, { tokenTypes: mx.zerosLike(ids) }), plain)).toBe(0);
    expect(maxDifference(bert.forward(ids, { tokenTypes: mx.onesLike(ids) }), plain)).not.toBe(0);
  });

  it.each<[string, unknown]>([
    ["beyond the table, which read what lies behind it", mx.full([2, 4], 2).astype(mx.int32)],
    ["far beyond, which ended the process", mx.full([2, 4], 2 ** 30).astype(mx.int32)],
    ["below zero", mx.full([2, 4], -1).astype(mx.int32)],
    ["of another shape, which were spread over all rows", mx.zeros([1, 4], mx.int32)],
    ["of fractions", mx.zeros([2, 4])],
    ["that are no array", [[0, 0, 0, 0]]],
  ])("%s are refused", (_, tokenTypes) => {
    const message = "tokenTypes: must be integers from 0 to 1 of the shape [2, 4].";
    expect(() => bert.forward(ids, { tokenTypes } as BertPassOptions)).toThrow(message);
  });
});

it("refuses more tokens than positions, arguments that do not exist, and ids that are none", () => {
  const long = mx.zeros([1, 7], mx.int32);
  expect(() => bert.forward(long)).toThrow("ids: 7 tokens exceed this model's 6 positions.");
  const mask = { mask: mx.ones([2, 4]) } as BertPassOptions;
  expect(() => bert.forward(ids, mask)).toThrow("forward: mask: there is no such option.");
  expect(() => bert.forward(mx.zeros([2, 4]))).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/INVALID/) }),
  );
});
