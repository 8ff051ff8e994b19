/** Tests of the optimizer against the algorithm written out for single numbers. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { AdamW, type AdamWOptions } from "./adamw.js";

const options: AdamWOptions = { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.1, clip: 1 };
const rate = 0.01;

/** Algorithm 2 of Loshchilov & Hutter, for one number and its gradients step by step. */
function reference(start: number, slopes: readonly number[], decay: number): number {
  const [keepMean, keepSquare] = options.betas;
  let [value, mean, square] = [start, 0, 0];
  slopes.forEach((slope, index) => {
    mean = keepMean * mean + (1 - keepMean) * slope;
    square = keepSquare * square + (1 - keepSquare) * slope ** 2;
    const unbiasedMean = mean / (1 - keepMean ** (index + 1));
    const unbiasedSquare = square / (1 - keepSquare ** (index + 1));
    const move = unbiasedMean / (Math.sqrt(unbiasedSquare) + options.epsilon);
    value -= rate * (move + decay * value);
  });
  return value;
}

function run(start: number[][] | number[], slopes: (number[][] | number[])[]): number[] {
  const optimizer = new AdamW(options);
  let parameters = new Map([["x", mx.array(start)]]);
  for (const slope of slopes) {
    parameters = new Map(optimizer.update(parameters, new Map([["x", mx.array(slope)]]), rate));
  }
  return Array.from(toFlat(parameters.get("x")!));
}

describe("AdamW", () => {
  it("follows the published algorithm on a matrix", () => {
    const [value, other] = run([[1, -2]], [[[0.1, 0.2]], [[-0.3, 0.1]], [[0.2, 0.4]]]);
    expect(value).toBeCloseTo(reference(1, [0.1, -0.3, 0.2], 0.1), 5);
    expect(other).toBeCloseTo(reference(-2, [0.2, 0.1, 0.4], 0.1), 5);
  });

  it("does not decay vectors", () => {
    const [value] = run([2], [[0.1], [0.1]]);
    expect(value).toBeCloseTo(reference(2, [0.1, 0.1], 0), 5);
  });

  it("shortens long gradients to the limit, keeping their direction", () => {
    const [value, other] = run([[1, 1]], [[[0.2, 0]], [[30, 40]]]);
    expect(value).toBeCloseTo(reference(1, [0.2, 0.6], 0.1), 5);
    expect(other).toBeCloseTo(reference(1, [0, 0.8], 0.1), 5);
  });
});
