/** The kernel in blocks against plain attention over everything. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../../test-support/reference.js";
import { createCausalMask } from "../positions/pass.js";
import { fusedAttention } from "./fused-attention.js";
import { attentionScores, mixValues } from "./heads.js";

const random = (seed: number, ...shape: number[]) =>
  mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(seed));

/** 6 heads, by default 3 key/value heads, of 16 dimensions. */
function tensors(queries: number, keys: number, { batch = 2, kvHeads = 3 } = {}) {
  return {
    q: random(1, batch, 6, queries, 16),
    k: random(2, batch, kvHeads, keys, 16),
    v: random(3, batch, kvHeads, keys, 16),
    mask: createCausalMask()(queries, keys, mx.float32),
  };
}

function plain({ q, k, v, mask }: ReturnType<typeof tensors>): MxArray {
  return mixValues(mx.softmax(attentionScores(q, k, 0.25, mask), -1, true), v);
}

describe("fused attention", () => {
  for (const [queries, keys] of [
    [1, 200],
    [64, 64],
    [65, 65],
    [150, 150],
    [100, 170],
  ]) {
    it(`equals plain attention for ${queries} queries and ${keys} keys`, () => {
      const { q, k, v, mask } = tensors(queries, keys);
      const fused = fusedAttention({ q, k, v }, 0.25, mask);
      expect(maxDifference(fused, plain({ q, k, v, mask }))).toBeLessThan(1e-6);
    });
  }

  for (const [batch, kvHeads] of [
    [2, 3],
    [3, 3], // as many rows as key/value heads: nothing but the numbers tells a mix-up
    [2, 6],
  ]) {
    it(`respects a mask for each of ${batch} rows with ${kvHeads} key/value heads`, () => {
      const { q, k, v, mask } = tensors(130, 130, { batch, kvHeads });
      const lengths = mx.arange(0, batch).reshape([batch, 1]);
      const padding = mx.multiply(mx.less(mx.arange(0, 130), mx.multiply(lengths, 9)), -1e9);
      const both = mx.add(mask!, padding.reshape([batch, 1, 1, 130]));
      const fused = fusedAttention({ q, k, v }, 0.25, both);
      for (let row = 0; row < batch; row++) {
        const only = (x: MxArray) => x.index(mx.Slice(row, row + 1));
        const alone = plain({ q: only(q), k: only(k), v: only(v), mask: only(both) });
        const real = (x: MxArray) => x.index("...", mx.Slice(9 * row, null), mx.Slice());
        expect(maxDifference(real(only(fused)), real(alone))).toBeLessThan(1e-6);
      }
    });
  }

  it("has the same gradients", () => {
    const { q, k, v, mask } = tensors(130, 130);
    const weight = random(4, 2, 6, 130, 16);
    const gradients = (attend: (q: MxArray, k: MxArray, v: MxArray) => MxArray) =>
      mx.vjp((...inputs) => [attend(inputs[0], inputs[1], inputs[2])], [q, k, v], [weight])[1];
    const fused = gradients((q, k, v) => fusedAttention({ q, k, v }, 0.25, mask));
    const expected = gradients((q, k, v) => plain({ q, k, v, mask }));
    for (const index of [0, 1, 2]) {
      expect(maxDifference(fused[index], expected[index])).toBeLessThan(1e-5);
    }
  });
});
