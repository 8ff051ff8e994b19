/** Buffers of positions against plain lists. */
import { mx, toFlat } from "@mlxterp/mlx";
import { array, assert, integer, option, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { appendPositions, type PositionBuffer } from "./position-buffer.js";

/** Positions numbered from `first`, (1, 1, position, 1). */
const numbered = (first: number, count: number) =>
  mx.arange(first, first + count, 1, mx.float32).reshape([1, 1, count, 1]);

describe("a buffer of positions", () => {
  it("answers with those it held and those added, and keeps the newest", () => {
    const lengths = array(integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
    const kept = option(integer({ min: 1, max: 400 }), { nil: undefined });
    const holds = property(lengths, kept, (counts, keep) => {
      let buffer: PositionBuffer | undefined;
      let held: number[] = [];
      let first = 0;
      for (const count of counts) {
        const { all, after } = appendPositions(buffer, numbered(first, count), keep);
        const expected = [...held, ...Array.from({ length: count }, (_, index) => first + index)];
        expect([...toFlat(all)]).toEqual(expected);
        held = keep === undefined ? expected : expected.slice(-keep);
        expect(after.end - after.start).toBe(held.length);
        first += count;
        buffer = after;
      }
    });
    assert(holds, { numRuns: 50, seed: 1 });
  });

  it("is left as it was by what is added to it", () => {
    const { after: shared } = appendPositions(undefined, numbered(0, 3));
    mx.eval(shared.array);
    const one = appendPositions(shared, numbered(10, 2));
    const other = appendPositions(shared, numbered(20, 1));
    mx.eval(one.after.array, other.after.array);
    expect([...toFlat(one.all)]).toEqual([0, 1, 2, 10, 11]);
    expect([...toFlat(other.all)]).toEqual([0, 1, 2, 20]);
    expect(toFlat(shared.array)[3]).toBe(0);
  });
});
