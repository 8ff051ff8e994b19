/** Products with each row's own expert against the same products one by one. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../../test-support/reference.js";
import { Dispatch } from "./dispatch.js";

const random = (seed: number, ...shape: number[]) =>
  mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(seed));

function oneByOne(x: MxArray, weight: MxArray, indices: MxArray): MxArray {
  const [batch, length, topK] = indices.shape;
  const experts = [...toFlat(indices)];
  const rows = experts.map((expert, slot) => {
    const token = Math.floor(slot / topK);
    const at = [Math.floor(token / length), token % length] as const;
    const row = x.ndim === 3 ? x.index(...at) : x.index(...at, slot % topK);
    return mx.matmul(row, weight.index(expert).T);
  });
  return mx.stack(rows).reshape([batch, length, topK, -1]);
}

describe("Dispatch", () => {
  const cases = [
    { experts: 4, batch: 1, length: 1, topK: 2 }, // fewer rows than experts
    { experts: 3, batch: 2, length: 7, topK: 1 },
    { experts: 4, batch: 2, length: 9, topK: 2 },
    { experts: 2, batch: 3, length: 60, topK: 2 }, // blocks of the largest size
    { experts: 1, batch: 1, length: 5, topK: 1 },
  ];
  for (const { experts, batch, length, topK } of cases) {
    const shape = [batch, length, topK];
    it(`multiplies ${shape.join(" × ")} rows by their own of ${experts} experts`, () => {
      const indices = mx.random.randint(0, experts, shape, mx.int32, mx.random.key(3));
      const weight = random(1, experts, 6, 5);
      for (const x of [random(2, batch, length, 5), random(4, ...shape, 5)]) {
        const product = new Dispatch(indices, experts).multiply(x, weight);
        expect(product.shape).toEqual([...shape, 6]);
        expect(maxDifference(product, oneByOne(x, weight, indices))).toBeLessThan(1e-5);
      }
    });
  }

  it("has room for the rows of every expert, however they are spread", () => {
    const spread = fc.record({
      experts: fc.integer({ min: 1, max: 7 }),
      chosen: fc.array(fc.nat(6), { minLength: 1, maxLength: 40 }),
      size: fc.constantFrom(1, 2, 8, 32),
    });
    fc.assert(
      fc.property(spread, ({ experts, chosen, size }) => {
        const own = chosen.map((expert) => [[expert % experts]]);
        const x = random(2, own.length, 1, 3);
        const weight = random(1, experts, 2, 3);
        const dispatch = new Dispatch(mx.array(own, mx.int32), experts);
        const product = dispatch.apply(
          x,
          (blocks, owners) => mx.gatherMM(blocks, weight.swapaxes(1, 2), null, owners),
          size,
        );
        const expected = oneByOne(x, weight, dispatch.indices);
        expect(maxDifference(product, expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 40 },
    );
  });

  it("puts the more rows together the more there are, and the larger the matrices", () => {
    const sizes = (tokens: number, matrix: number) =>
      new Dispatch(mx.zeros([1, tokens, 2], mx.int32), 8).blockSize(matrix);
    expect(sizes(1, 2 ** 22)).toBe(1);
    expect(sizes(64, 2 ** 22)).toBeGreaterThan(sizes(64, 2 ** 16));
    expect(sizes(512, 2 ** 22)).toBeGreaterThan(sizes(64, 2 ** 22));
  });

  it("leaves no expert out when all rows go to one", () => {
    const weight = random(1, 5, 6, 4);
    const x = random(2, 1, 40, 4);
    for (const expert of [0, 4]) {
      const indices = mx.full([1, 40, 1], expert, mx.int32);
      const product = new Dispatch(indices, 5).multiply(x, weight);
      expect(maxDifference(product, oneByOne(x, weight, indices))).toBeLessThan(1e-5);
    }
  });

  it("keeps indices that no expert has within the weights", () => {
    const weight = random(1, 3, 6, 4);
    const x = random(2, 1, 2, 4);
    const product = new Dispatch(mx.array([[[9], [-5]]], mx.int32), 3).multiply(x, weight);
    const kept = oneByOne(x, weight, mx.array([[[2], [0]]], mx.int32));
    expect(maxDifference(product, kept)).toBeLessThan(1e-6);
  });

  it("passes gradients to rows and weights", () => {
    const indices = mx.random.randint(0, 3, [1, 20, 2], mx.int32, mx.random.key(3));
    const x = random(2, 1, 20, 4);
    const weight = random(1, 3, 5, 4);
    const loss = (multiply: (x: MxArray, weight: MxArray) => MxArray) =>
      mx.valueAndGrad((a: MxArray, b: MxArray) => mx.sum(mx.square(multiply(a, b))), [0, 1]);
    const [, ours] = loss((a, b) => new Dispatch(indices, 3).multiply(a, b))(x, weight);
    const [, theirs] = loss((a, b) => oneByOne(a, b, indices))(x, weight);
    const [a, b] = [ours, theirs] as unknown as [MxArray[], MxArray[]];
    expect(maxDifference(a[0], b[0])).toBeLessThan(1e-4);
    expect(maxDifference(a[1], b[1])).toBeLessThan(1e-4);
  });
});
