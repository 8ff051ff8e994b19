/** The recurrence of heads in chunks against its states one by one. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../../test-support/reference.js";
import { scanStates } from "./diagonal.js";
import { scanHeads } from "./head-scan.js";

const uniform = (seed: number, ...shape: number[]) =>
  mx.random.uniform(-1, 1, shape, mx.float32, mx.random.key(seed));

describe("scanHeads", () => {
  it.each([1, 2, 63, 64, 65, 200])("reads the states of %i positions", (length) => {
    // Fast and slow forgetting: exp(-60) within a step, and nearly nothing.
    const logDecay = mx.multiply(mx.abs(uniform(1, 2, length, 4)), mx.array([-60, -1, -0.01, 0]));
    const [values, keys, queries] = [
      uniform(2, 2, length, 4, 5),
      uniform(3, 2, length, 2, 6),
      uniform(4, 2, length, 2, 6),
    ];
    for (const before of [undefined, uniform(5, 2, 4, 5, 6)]) {
      const { read, last } = scanHeads({
        logDecay,
        values,
        keys,
        queries,
        ...(before && { before }),
      });
      const wide = (x: typeof keys) => mx.repeat(x, 2, 2);
      const written = mx.multiply(mx.expandDims(values, 4), mx.expandDims(wide(keys), 3));
      const decay = mx.exp(logDecay).reshape([2, length, 4, 1, 1]);
      const states = scanStates(decay, written, before);
      const expected = mx.matmul(states, mx.expandDims(wide(queries), 4)).squeeze(4);
      expect(maxDifference(read, expected)).toBeLessThan(1e-4);
      expect(maxDifference(last, states.index(mx.Slice(), -1))).toBeLessThan(1e-4);
    }
  });
});
