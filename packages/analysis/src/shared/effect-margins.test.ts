/** Intervals of effects: how often they hold what is true where that is known, and whether every method over pairs gives them. */
import { uniformNumbers } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { boundsOf, effectMargins, meanMargins } from "./effect-margins.js";

describe("margins of effects", () => {
  it("hold the true share in about 95 of 100 draws, though the ends of pairs lie far apart", () => {
    const uniform = uniformNumbers(7);
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const [truth, pairs, draws] = [0.3, 40, 500];
    let held = 0;
    for (let draw = 0; draw < draws; draw++) {
      const from = Array.from({ length: pairs }, () => 2 * normal());
      const to = from.map((value) => value + 5 + 3 * normal());
      const scores = from.map((value, pair) => [value + truth * (to[pair] - value) + normal()]);
      const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / pairs;
      const effect = (mean(scores.flat()) - mean(from)) / (mean(to) - mean(from));
      const [margin] = effectMargins(scores, { from, to });
      if (Math.abs(effect - truth) < margin) held++;
    }
    expect(held / draws).toBeGreaterThan(0.91); // 0.95 ± 0.01 by chance, and a little less for 40 pairs
    expect(held / draws).toBeLessThan(0.99);
  });

  it("are those of a mean where all ends are the same, and nothing for a single pair", () => {
    const scores = [[1, 5], [2, 5], [6, 5]]; // biome-ignore format: one table
    const [first, second] = meanMargins(scores);
    expect(first).toBeCloseTo(1.96 * Math.sqrt(7 / 3), 10);
    expect(second).toBe(0);
    const ends = { from: [0, 0, 0], to: [4, 4, 4] };
    expect(effectMargins(scores, ends)[0]).toBeCloseTo(first / 4, 10);
    expect(boundsOf([3], effectMargins([[3]], { from: [0], to: [1] }))).toEqual({});
  });
});
