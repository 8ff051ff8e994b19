/** The scan in pieces against the recurrence, one position after the other. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../../test-support/reference.js";
import { scanStates } from "./diagonal.js";

const uniform = (seed: number, ...shape: number[]) =>
  mx.random.uniform(0, 1, shape, mx.float32, mx.random.key(seed));

describe("scanStates", () => {
  for (const length of [1, 2, 8, 9, 16, 17, 50]) {
    it(`follows the recurrence over ${length} positions, with and without a state before`, () => {
      const decay = uniform(1, 2, length, 3, 4);
      const write = uniform(2, 2, length, 3, 4);
      for (const before of [undefined, uniform(3, 2, 3, 4)]) {
        const states = scanStates(decay, write, before);
        let state = before ?? mx.zeros([2, 3, 4]);
        for (let position = 0; position < length; position++) {
          const at = [mx.Slice(), position] as const;
          state = mx.add(mx.multiply(decay.index(...at), state), write.index(...at));
          expect(maxDifference(states.index(...at), state)).toBeLessThan(1e-6);
        }
      }
    });
  }

  it("takes one decay for many numbers", () => {
    const [decay, write] = [uniform(1, 2, 17, 3, 1), uniform(2, 2, 17, 3, 4)];
    const wide = mx.multiply(decay, mx.ones([2, 17, 3, 4]));
    expect(maxDifference(scanStates(decay, write), scanStates(wide, write))).toBe(0);
  });
});
