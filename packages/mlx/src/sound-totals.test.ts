/** Totals over long rows, against double precision. */
import { describe, expect, it } from "vitest";
import { fromFlat, type MxArray, mx, toFlat } from "./index.js";

/** One token far ahead of a wide tail, as a trained model's logits are. */
function logitsOf(rows: number, width: number): { array: MxArray; numbers: number[][] } {
  let seed = 7;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const flat = Float32Array.from({ length: rows * width }, () => 2 * normal());
  for (let row = 0; row < rows; row++) flat[row * width + Math.floor(random() * width)] = 14;
  const numbers = Array.from({ length: rows }, (_, row) => [...flat.subarray(row * width, (row + 1) * width)]); // biome-ignore format: one line
  return { array: fromFlat(flat, [rows, width]), numbers };
}

const total = (row: readonly number[]) =>
  Math.log(row.reduce((sum, one) => sum + Math.exp(one), 0));

describe.each([2048, 32_000, 50_257])("a row of %d", (width) => {
  const { array, numbers } = logitsOf(4, width);
  const expected = numbers.map(total);

  it("has the logarithm of its summed exponentials to float32's last digits", () => {
    for (const found of [
      mx.logsumexp(array, 1),
      mx.logsumexp(array, -1, true),
      array.logsumexp(1),
      mx.stack([0, 1, 2, 3].map((row) => mx.logsumexp(array.index(row)))),
    ]) {
      for (const [row, value] of toFlat(found).entries()) {
        expect(Math.abs(value - expected[row])).toBeLessThan(6e-6); // it was 1e-4
      }
    }
  });

  it("has probabilities that add up to one, and each is right", () => {
    const found = Float64Array.from(toFlat(mx.softmax(array, -1)));
    for (const [row, logits] of numbers.entries()) {
      const own = found.subarray(row * width, (row + 1) * width);
      expect(Math.abs(own.reduce((sum, one) => sum + one, 0) - 1)).toBeLessThan(4e-6); // biome-ignore format: one line
      for (let at = 0; at < width; at += 97) {
        const right = Math.exp(logits[at] - expected[row]);
        expect(Math.abs(own[at] - right)).toBeLessThan(6e-6 * right + 1e-12);
      }
    }
  });

  it("has the gradient of the first, which is the second", () => {
    const gradient = mx.grad((x: MxArray) => mx.sum(mx.logsumexp(x, 1)))(array);
    const apart = mx.max(mx.abs(mx.subtract(gradient, mx.softmax(array, 1))));
    expect(Number(apart.item())).toBeLessThan(2e-6);
  });
});

it("is as it was for infinities and for short rows", () => {
  const wide = mx.concatenate([mx.full([1, 4000], Number.NEGATIVE_INFINITY), mx.zeros([1, 2])], 1);
  expect(Number(mx.logsumexp(wide, 1).item())).toBeCloseTo(Math.log(2), 6);
  const none = mx.full([1, 4000], Number.NEGATIVE_INFINITY);
  expect(mx.logsumexp(none, 1).item()).toBe(Number.NEGATIVE_INFINITY);
  const infinite = mx.concatenate([mx.zeros([1, 4000]), mx.full([1, 1], Number.POSITIVE_INFINITY)], 1); // biome-ignore format: one line
  expect(mx.logsumexp(infinite, 1).item()).toBe(Number.POSITIVE_INFINITY);
  expect(mx.logsumexp(mx.zeros([3, 4]), [0, 1]).item()).toBeCloseTo(Math.log(12), 6);
});
