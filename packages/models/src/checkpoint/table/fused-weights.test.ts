/** Fused tensors against layouts written out by hand. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { AttentionConfig } from "../../decoder/config/config.js";
import { groupedQkv, stackedGateUp, stackedQkv } from "./fused-weights.js";

const attention = (heads: number, kvHeads: number): AttentionConfig => ({
  ...{ heads, kvHeads, headDim: 1, scale: 1, qkvBias: true, outputBias: true },
});

/** Each row of the tensor is its own number, so that the parts show where they come from. */
const rows = (count: number) => mx.arange(0, count).reshape([count, 1]);
const parts = (rule: ReturnType<typeof groupedQkv>, count: number) =>
  rule.transform!(rows(count), "weight").map((part) => [...toFlat(part)]);

describe("fused projections", () => {
  it("come head by head", () => {
    const split = parts(groupedQkv(attention(2, 2)), 6); // q0 k0 v0 q1 k1 v1
    expect(split).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });

  it("come with one key and one value for all heads", () => {
    expect(parts(groupedQkv(attention(3, 1)), 5)).toEqual([[0, 1, 2], [3], [4]]);
  });

  it("come in groups of heads that share a key and a value", () => {
    const split = parts(groupedQkv(attention(4, 2)), 8); // q0 q1 k0 v0 q2 q3 k1 v1
    expect(split).toEqual([
      [0, 1, 4, 5],
      [2, 6],
      [3, 7],
    ]);
  });

  it("come one kind after the other", () => {
    expect(parts(stackedQkv(attention(2, 1)), 4)).toEqual([[0, 1], [2], [3]]);
    expect(parts(stackedGateUp(2), 4)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("have the height of their parts together, also as biases", () => {
    const { storedShape } = groupedQkv(attention(4, 2));
    expect(
      storedShape!(
        [
          [4, 7],
          [2, 7],
          [2, 7],
        ],
        "weight",
      ),
    ).toEqual([8, 7]);
    expect(storedShape!([[4], [2], [2]], "bias")).toEqual([8]);
    const [q] = groupedQkv(attention(2, 2)).transform!(mx.arange(0, 6), "bias");
    expect([...toFlat(q)]).toEqual([0, 3]);
  });
});
