/** Linear biases against the published slopes. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { createAlibi } from "./alibi.js";

const keys = (heads: number, length: number) => mx.zeros([1, heads, length, 4]);
const plain = (end: number) => ({ offset: 0, end, ids: undefined });
const slopesOf = (heads: number) => {
  const bias = createAlibi({ factor: 1, rounded: false }, heads)(keys(heads, 2), null, plain(2));
  return [...toFlat(bias.index(0, mx.Slice(), 0, 1))]; // at key 1
};

describe("alibi", () => {
  it("has a geometric sequence of slopes", () => {
    expect(slopesOf(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((power) => 2 ** -power));
  });

  it("takes every other slope of the next power of 2 for the remaining heads", () => {
    // As transformers' build_alibi_tensor gives them.
    const expected = [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125];
    for (const [head, slope] of slopesOf(6).entries()) expect(slope).toBeCloseTo(expected[head], 7);
  });

  it("grows with the key's position and joins the mask", () => {
    const bias = createAlibi({ factor: 2, rounded: false }, 8);
    const mask = mx.multiply(mx.ones([3, 3]), -1);
    const sum = bias(keys(8, 3), mask, plain(3));
    expect(sum.shape).toEqual([1, 8, 3, 3]);
    expect([...toFlat(sum.index(0, 1, 2))]).toEqual([-1, -0.5, 0]);
  });

  it("counts on where earlier keys are gone", () => {
    const bias = createAlibi({ factor: 1, rounded: false }, 8);
    const whole = toFlat(bias(keys(8, 5), null, plain(5)).index(0, 0, 0));
    const later = toFlat(bias(keys(8, 3), null, plain(5)).index(0, 0, 0));
    const latest = toFlat(bias(keys(8, 3), null, plain(6)).index(0, 0, 0));
    expect([...later]).toEqual([...whole].slice(2));
    expect(latest[0]).toBe(later[1]);
  });

  it("is rounded to bfloat16 where the family computes it so", () => {
    const bias = createAlibi({ factor: 1, rounded: true }, 6);
    const at = toFlat(bias(keys(6, 300), null, plain(300)).index(0, 4, 0));
    expect(at[299]).toBe(150); // 299 is 300 in bfloat16
  });
});
