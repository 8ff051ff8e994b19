/** cap and eraseLinear against the same in double precision. */
import { mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { eraseLinear } from "../erase-linear/erase-linear.js";
import { parseIntervention } from "../json/parse-json.js";
import { toJSON } from "../json/to-json.js";
import { siteContext, values } from "../test-support.js";
import { cap } from "./cap.js";

const site = siteContext();
const rows = [
  [3, 4, 1],
  [0.3, 0.4, -2],
  [-6, -8, 5],
];
const direction = [6, 8, 0]; // of length 10; coordinates 5, 0.5, −10

it("moves the coordinate along the direction to the nearest bound, and nothing else", () => {
  const capped = values(cap(direction, { min: -1, max: 2 })(mx.array([rows]), site));
  const expected = [1.2, 1.6, 1, 0.3, 0.4, -2, -0.6, -0.8, 5];
  for (const [at, value] of capped.entries()) expect(value).toBeCloseTo(expected[at], 5);
  const above = values(cap(direction, { max: 0 })(mx.array([rows]), site));
  for (const [at, value] of [0, 0, 1, 0, 0, -2, -6, -8, 5].entries()) {
    expect(above[at]).toBeCloseTo(value, 5);
  }
});

it("keeps half precision, survives JSON, and refuses what makes no sense", () => {
  const half = mx.array([rows]).astype(mx.float16);
  const kept = cap(direction, { max: 2 });
  expect(kept(half, site).dtype).toBe(mx.float16);
  const again = parseIntervention(JSON.parse(JSON.stringify(toJSON(kept))));
  expect(values(again(mx.array([rows]), site))).toEqual(values(kept(mx.array([rows]), site)));
  expect(() => cap(direction, {})).toThrow("needs min, max or both");
  expect(() => cap(direction, { min: 2, max: 1 })).toThrow("must not exceed max");
  expect(() => cap([0, 0, 0], { max: 1 })).toThrow("zero vector");
  expect(() => cap(direction, { maxx: 1 } as never)).toThrow('Did you mean "max"?');
});

it("erases what it reads of the distance from the mean", () => {
  const eraser = eraseLinear({ mean: [1, 0, 0], reads: [[1, 1, 0]], writes: [[0, 1, 2]] });
  const found = values(eraser(mx.array([rows]), site));
  const expected = rows.flatMap(([a, b, c]) => {
    const read = a - 1 + b;
    return [a, b - read, c - 2 * read];
  });
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at], 5);
  expect(() => eraseLinear({ mean: [1], reads: [[1, 2]], writes: [[1, 2]] })).toThrow("reads");
});
