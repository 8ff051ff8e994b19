/** The delta rule in chunks against one position after the other, and the inverse that chunks need. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../../test-support/reference.js";
import { type DeltaScan, followDeltas, inverseOfUnitLower, scanDeltas } from "./delta-scan.js";

const uniform = (seed: number, ...shape: number[]) =>
  mx.random.uniform(0, 1, shape, mx.float32, mx.random.key(seed));

function unit(x: MxArray): MxArray {
  return mx.divide(x, mx.sqrt(mx.sum(mx.square(x), -1, true)));
}

function randomScan(length: number): DeltaScan {
  return {
    logDecay: mx.negative(uniform(1, 2, length, 4)),
    beta: uniform(2, 2, length, 4),
    values: uniform(3, 2, length, 4, 5),
    // All positive: keys that are much alike, where movements cancel most.
    keys: unit(uniform(4, 2, length, 2, 6)),
    queries: unit(uniform(5, 2, length, 2, 6)),
  };
}

describe("scanDeltas", () => {
  it.each([2, 33, 64, 65])("follows the recurrence over %i positions", (length) => {
    for (const before of [undefined, uniform(6, 2, 4, 5, 6)]) {
      const scan = { ...randomScan(length), ...(before && { before }) };
      const { logDecay, ...rest } = scan;
      const expected = followDeltas({ ...rest, decay: mx.exp(logDecay) });
      const { read, moved, last } = scanDeltas(scan);
      expect(maxDifference(read, expected.read)).toBeLessThan(1e-5);
      expect(maxDifference(moved, expected.moved)).toBeLessThan(1e-5);
      expect(maxDifference(last, expected.last)).toBeLessThan(1e-5);
    }
  });
});

describe("inverseOfUnitLower", () => {
  it.each([1, 2, 5, 64])("inverts %i rows exactly, also where powers would overflow", (size) => {
    const lower = mx.tril(mx.full([3, size, size], 1), -1);
    const inverse = inverseOfUnitLower(lower);
    const product = mx.matmul(mx.add(lower, mx.eye(size)), inverse);
    expect(maxDifference(product, mx.broadcastTo(mx.eye(size), product.shape))).toBe(0);
  });
});
