/** Sampling against the distribution it should draw from. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { createSampler, type SamplingOptions } from "./sampling.js";

const probabilities = [0.5, 0.25, 0.15, 0.1];
const logits = mx.array(probabilities.map(Math.log));

function frequencies(options: SamplingOptions): number[] {
  const sample = createSampler(options);
  const counts = [0, 0, 0, 0];
  for (let draw = 0; draw < 4000; draw++) counts[sample(logits).token]++;
  return counts.map((count) => count / 4000);
}

function expectClose(actual: number[], expected: number[]) {
  for (const [token, share] of expected.entries()) {
    const deviation = Math.sqrt((share * (1 - share)) / 4000);
    expect(Math.abs(actual[token] - share)).toBeLessThanOrEqual(4 * deviation);
  }
}

describe("sampling", () => {
  it("draws tokens as often as they are likely", () => {
    expectClose(frequencies({ temperature: 1, seed: 3 }), probabilities);
  });

  it("sharpens with low temperature", () => {
    const squares = probabilities.map((p) => p ** 2);
    const total = squares.reduce((sum, square) => sum + square, 0);
    expectClose(
      frequencies({ temperature: 0.5 }),
      squares.map((square) => square / total),
    );
  });

  it("keeps only the most likely tokens", () => {
    expectClose(frequencies({ temperature: 1, topK: 2 }), [2 / 3, 1 / 3, 0, 0]);
    expectClose(frequencies({ temperature: 1, topP: 0.8 }), [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0]);
    expectClose(frequencies({ temperature: 1, topP: 0.45 }), [1, 0, 0, 0]);
  });

  it("prefers smaller ids among equals", () => {
    const sample = createSampler({ temperature: 1, topK: 2 });
    const flat = mx.zeros([6]);
    const drawn = new Set(Array.from({ length: 50 }, () => sample(flat).token));
    expect([...drawn].sort()).toEqual([0, 1]);
  });
});
