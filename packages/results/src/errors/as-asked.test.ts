/** What was asked stays what it was, whatever its caller does next. */
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { asAsked } from "./as-asked.js";

it("copies lists and plain objects of any realm, all the way down", () => {
  const other = runInNewContext("({ layers: [0, [1, 2]], name: 'a' })") as { layers: unknown[] };
  for (const given of [{ layers: [0, [1, 2]], name: "a" }, other]) {
    const copy = asAsked(given);
    given.layers[0] = 9;
    (given.layers[1] as number[]).length = 0;
    expect(JSON.stringify(copy)).toBe('{"layers":[0,[1,2]],"name":"a"}');
  }
});

it("keeps what is no list and no plain object, gaps, lists that hold themselves, and names of prototypes", () => {
  class Options {
    layer = 1;
  }
  const hidden = Object.defineProperty({ a: 1 }, "b", { value: 2 });
  const kept = [new Options(), hidden, new Map(), Float32Array.of(1), Math.max, "text", null];
  expect(asAsked(kept).every((value, at) => value === kept[at])).toBe(true);
  const gap: unknown[] = new Array(3);
  expect(1 in asAsked(gap)).toBe(false);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const copy = asAsked(cycle);
  expect(copy !== cycle && copy[0] === copy).toBe(true);
  const named = JSON.parse('{"__proto__": [1]}') as object;
  expect(Object.keys(asAsked(named))).toEqual(["__proto__"]);
});
