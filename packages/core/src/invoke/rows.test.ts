/** Which part of a value belongs to some of the prompts, taken out and put back. */
import { mx, toFlat } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectSame } from "../../test/support/compare.js";
import { numbers } from "../../test/support/networks.js";
import type { Axes } from "../axes.js";
import { InvocationRowsError } from "./errors.js";
import { type Place, putRegion, regionOf, takeRegion } from "./rows.js";

/** The second of three rows, of four tokens among up to six. */
const place: Place = { start: 1, rows: 1, batch: 3, width: 6, padding: 2 };

function ranges(shape: readonly number[], axes?: Axes, at = place) {
  return regionOf({ site: "layers.0", axes, shape }, at).ranges;
}

describe("the part of a prompt", () => {
  it("is its row and its positions, wherever these axes stand", () => {
    const row = [1, 2];
    const own = [0, 4];
    expect(ranges([3, 6, 8], ["batch", "position", "hidden"])).toEqual([row, own, [0, 8]]);
    expect(ranges([3, 2, 6, 6], ["batch", "heads", "query", "key"])).toEqual([
      row,
      [0, 2],
      own,
      own,
    ]);
    expect(ranges([6, 3], ["position", "batch"])).toEqual([own, row]);
    expect(ranges([3, 6, 6], ["batch", "heads", "hidden"])).toEqual([row, [0, 6], [0, 6]]);
    expect(ranges([3, 1, 8], ["batch", "position", "hidden"])).toEqual([row, [0, 1], [0, 8]]);
  });

  it("has the keys of a cache before its own", () => {
    expect(ranges([3, 2, 6, 9], ["batch", "heads", "query", "key"])[3]).toEqual([0, 7]);
  });

  it("is found by size where a module does not say its axes, and only one reading fits", () => {
    expect(ranges([3, 6])).toEqual([
      [1, 2],
      [0, 4],
    ]);
    expect(ranges([3, 8])).toEqual([
      [1, 2],
      [0, 8],
    ]);
    expect(ranges([3, 6, 2, 4])[1]).toEqual([0, 4]);
  });

  it.each<[string, number[], Axes | undefined, RegExp]>([
    ["as many heads as positions", [3, 6, 6, 4], undefined, /meaning is not known/],
    ["no batch", [6, 8], undefined, /meaning is not known/],
    ["rows and positions folded", [18, 8], undefined, /meaning is not known/],
    ["more positions than tokens", [3, 9, 8], ["batch", "position", "hidden"], /has 9 positions/],
    ["other rows", [5, 6, 8], ["batch", "position", "hidden"], /one row for each prompt/],
  ])("is refused where it cannot be told: %s", (_, shape, axes, message) => {
    expect(() => ranges(shape, axes)).toThrow(InvocationRowsError);
    expect(() => ranges(shape, axes)).toThrow(message);
    expect(() => ranges(shape, axes)).toThrow(/"layers.0", of shape/);
  });

  it("is everything where there are no others and no padding, known axes or not", () => {
    const alone = { start: 0, rows: 3, batch: 3, width: 6, padding: 0 };
    expect(ranges([18, 8], undefined, alone)).toEqual([
      [0, 18],
      [0, 8],
    ]);
  });

  it("is shared where one row stands for all", () => {
    const region = (shape: number[], axes: Axes) =>
      regionOf({ site: "mask", axes, shape }, place).shared;
    expect(region([1, 6, 8], ["batch", "position", "hidden"])).toBe(true);
    expect(region([6, 8], ["position", "hidden"])).toBe(true);
    expect(region([3, 6, 8], ["batch", "position", "hidden"])).toBe(false);
  });
});

it("taking a part and putting another there changes that part and nothing else", () => {
  const axis = fc
    .tuple(fc.nat(4), fc.nat(4), fc.nat(4))
    .map((bounds) => bounds.toSorted((a, b) => a - b))
    .filter(([start, stop]) => stop > start);
  fc.assert(
    fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (axes) => {
      const shape = axes.map(([, , size]) => size);
      const region = { ranges: axes.map(([start, stop]) => [start, stop] as const), shared: false };
      const value = numbers(...shape);
      const part = takeRegion(value, region);
      expect(part.shape).toEqual(axes.map(([start, stop]) => stop - start));
      expectSame(putRegion(value, region, part), value);
      const changed = putRegion(value, region, mx.add(part, 100));
      const above = toFlat(mx.subtract(changed, value)).filter((apart) => apart > 50).length;
      expect(above).toBe(part.size);
      expectSame(takeRegion(changed, region), mx.add(part, 100));
    }),
    { numRuns: 60 },
  );
});

it("a part can be averaged: the mean of a plain slice of binding 0.0.7 writes beyond its memory", () => {
  for (let round = 0; round < 200; round++) {
    const value = numbers(3, 3, 2);
    const region = { ranges: [[0, 2] as const, [0, 3] as const, [0, 1] as const], shared: false };
    const mean = mx.mean(takeRegion(value, region), 1, true);
    expect(mean.shape).toEqual([2, 1, 1]);
    expect(toFlat(mean)[1]).toBeCloseTo((6 + 8 + 10) / 3 / 18, 6);
  }
});
