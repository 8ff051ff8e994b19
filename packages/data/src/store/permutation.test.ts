/** Orders in constant memory: each row once, and no order more likely than another. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permutation, seedOf } from "./permutation.js";

function order(size: number, seed: number): number[] {
  const at = permutation(size, seed);
  return Array.from({ length: size }, (_, place) => at(place));
}

describe("a permutation", () => {
  it("has every number once", () => {
    const sizes = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(sizes, fc.integer(), (size, seed) => {
        const sorted = order(size, seed).sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: size }, (_, index) => index));
      }),
    );
  });

  it("reaches numbers beyond 32 bits", () => {
    const at = permutation(2 ** 45 + 7, 1);
    const found = new Set(Array.from({ length: 1000 }, (_, place) => at(place)));
    expect(found.size).toBe(1000);
    expect([...found].every((value) => Number.isSafeInteger(value) && value < 2 ** 45 + 7)).toBe(
      true,
    );
    expect([...found].some((value) => value > 2 ** 44)).toBe(true);
  });

  it("is the same for a seed, and another for another", () => {
    expect(order(500, 3)).toEqual(order(500, 3));
    expect(order(500, 3)).not.toEqual(order(500, 4));
    expect(order(500, seedOf(3, 0))).not.toEqual(order(500, seedOf(3, 1)));
  });

  it.each([2, 3, 5, 10, 17])("of %i puts every number in every place equally often", (size) => {
    const seeds = 6000;
    const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    for (let seed = 0; seed < seeds; seed++) {
      for (const [place, value] of order(size, seedOf(seed, 0)).entries()) counts[place][value]++;
    }
    const expected = seeds / size;
    const deviation = Math.sqrt(expected * (1 - 1 / size));
    for (const count of counts.flat()) {
      expect(Math.abs(count - expected)).toBeLessThan(5 * deviation); // of 289 cells none lies as far, by chance
    }
  });

  it("leaves neighbours no closer than chance does", () => {
    const size = 10_000;
    const found = order(size, 11);
    const gaps = found.slice(1).map((value, index) => Math.abs(value - found[index]));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(Math.abs(mean - size / 3)).toBeLessThan(size * 0.01); // the mean of |x − y| is a third of the range
  });
});
