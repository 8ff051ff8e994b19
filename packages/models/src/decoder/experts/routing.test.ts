/** Routing variants against their definitions, computed in float64 on the host. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { ExpertsConfig } from "../config/experts-config.js";
import { chooseExperts, weighExperts } from "./routing.js";

const logits = [0.3, -1.2, 2.1, 0.9, -0.4, 1.7];
const row = mx.array([[logits]]);
const base = { count: 6, topK: 2, scoring: "softmax", normalized: true } as const;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const share = logits.map((x) => Math.exp(x) / logits.reduce((sum, y) => sum + Math.exp(y), 0));

function route(config: ExpertsConfig, correction?: number[]) {
  const indices = chooseExperts(row, config, correction ? mx.array(correction) : null);
  const weights = weighExperts(row, indices, config);
  return { indices: [...toFlat(indices)], weights: [...toFlat(weights)] };
}

function expectWeights(received: number[], expected: number[]) {
  expect(received).toHaveLength(expected.length);
  for (const [index, weight] of expected.entries()) expect(received[index]).toBeCloseTo(weight, 6);
}

describe("routing", () => {
  it("chooses the best first and lets them share all the weight", () => {
    const { indices, weights } = route(base);
    expect(indices).toEqual([2, 5]);
    const sum = share[2] + share[5];
    expectWeights(weights, [share[2] / sum, share[5] / sum]);
  });

  it("keeps the shares of all experts where weights are not normalised", () => {
    const { indices, weights } = route({ ...base, topK: 3, normalized: false });
    expect(indices).toEqual([2, 5, 3]);
    expectWeights(weights, [share[2], share[5], share[3]]);
  });

  it("scores each expert by itself with sigmoid, and scales", () => {
    const { weights } = route({ ...base, scoring: "sigmoid", scale: 2.5 });
    const sum = sigmoid(2.1) + sigmoid(1.7);
    expectWeights(weights, [(2.5 * sigmoid(2.1)) / sum, (2.5 * sigmoid(1.7)) / sum]);
  });

  it("chooses by corrected scores and weighs by the plain ones", () => {
    const config = { ...base, scoring: "sigmoid", normalized: false } as const;
    const { indices, weights } = route(config, [0, 3, 0, 0, 0, 0.1]);
    expect(indices).toEqual([1, 5]);
    expectWeights(weights, [sigmoid(-1.2), sigmoid(1.7)]);
  });

  it("goes to the best groups only, each judged by its two best experts", () => {
    const config = { ...base, scoring: "sigmoid", groups: { count: 3, chosen: 1 } } as const;
    expect(route(config).indices).toEqual([2, 3]); // 2.1 and 0.9; the last group has 1.7 and -0.4
    const two = { ...config, topK: 3, groups: { count: 3, chosen: 2 } };
    expect(route(two).indices).toEqual([2, 5, 3]);
  });

  it("may judge a group by its best expert alone", () => {
    const config = { ...base, groups: { count: 3, chosen: 2, judgedBy: 1 as const } };
    expect(route(config).indices).toEqual([2, 5]);
    const narrow = { ...config, topK: 2, groups: { ...config.groups, count: 2, chosen: 1 } };
    expect(route(narrow).indices).toEqual([2, 0]); // by two experts 1.7 and 0.9 would be better
  });

  it("lesson: where corrected scores were negative, experts of other groups were chosen", () => {
    const config = { ...base, scoring: "sigmoid", groups: { count: 3, chosen: 1 } } as const;
    const correction = [-9, -9, -2, -2, -9, -9]; // all below 0; the second group is the best
    expect(route(config, correction).indices).toEqual([2, 3]);
  });

  it("weighs experts that somebody else chose, even hopeless ones", () => {
    const far = mx.array([[[0, -200, -200, 0, 0, 0]]]);
    const indices = mx.array([[[1, 2]]], mx.int32);
    expectWeights([...toFlat(weighExperts(far, indices, base))], [0.5, 0.5]);
  });
});
