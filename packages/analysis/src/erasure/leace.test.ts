/** LEACE of fewer rows than they are wide: the same map as of these rows several times over, and nothing linear left. */
import { eraseLinear } from "@mlxterp/interventions";
import { mx, toFlat } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { leace } from "./leace.js";

const context = { site: "layers.0", call: 0, axes: undefined, tokens: undefined, offset: 0, step: undefined } as const; // biome-ignore format: one object

it.each([
  [12, 20],
  [30, 31],
])("of %i rows of %i numbers", (count, width) => {
  const rows = mx.random.normal([count, width], mx.float32, 0, 1, mx.random.key(count));
  const labels = Array.from({ length: count }, (_, at) => (at * 7) % 3);
  const few = leace(rows, labels);
  const many = leace(mx.concatenate([rows, rows, rows], 0), [...labels, ...labels, ...labels]);
  expect(few.reads).toHaveLength(2);
  const [own, other] = [few, many].map((eraser) => [...toFlat(eraseLinear(eraser)(rows, context))]);
  own.forEach((value, at) => {
    expect(Math.abs(value - other[at])).toBeLessThan(1e-3);
  });
  for (const label of [0, 1, 2]) {
    const share = labels.filter((one) => one === label).length / count;
    for (let column = 0; column < width; column++) {
      const about = labels.reduce((sum, one, row) => sum + (Number(one === label) - share) * own[row * width + column], 0); // biome-ignore format: one sum
      expect(Math.abs(about / count)).toBeLessThan(1e-5);
    }
  }
});

it("refuses labels that differ from one another though they show the same", () => {
  const rows = mx.random.normal([4, 3], mx.float32, 0, 1, mx.random.key(1));
  for (const odd of [Object(1), Number.NaN, null, undefined, [1]]) {
    const code = "INVALID_ARGUMENT";
    expect(() => leace(rows, [0, 1, 0, odd as number])).toThrow(expect.objectContaining({ code }));
  }
});
