/** Sampling against the distribution it should draw from, and its cuts against their definitions. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kthLargest } from "./kth-largest.js";
import { type Cuts, likeliest } from "./likeliest.js";
import { checkSampling, createSampler, type SamplingOptions } from "./sampling.js";

const probabilities = [0.5, 0.25, 0.15, 0.1];
const logits = Float32Array.from(probabilities, Math.log);

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
    expectClose(frequencies({ temperature: 1, minP: 0.29 }), [
      0.5 / 0.9,
      0.25 / 0.9,
      0.15 / 0.9,
      0,
    ]);
  });

  it("prefers smaller ids among equals", () => {
    const sample = createSampler({ temperature: 1, topK: 2 });
    const flat = new Float32Array(6);
    const drawn = new Set(Array.from({ length: 50 }, () => sample(flat).token));
    expect([...drawn].sort()).toEqual([0, 1]);
  });

  it("tells the probability of the model, whatever else was asked for", () => {
    const sample = createSampler({ temperature: 3, topK: 3, repetitionPenalty: 2 }, [0]);
    for (let draw = 0; draw < 20; draw++) {
      const { token, logProbability } = sample(logits);
      expect(logProbability).toBeCloseTo(Math.log(probabilities[token]), 6);
    }
  });
});

/** What transformers' warpers leave, step by step as they are defined; without ties. */
function byDefinition(weights: readonly number[], { topK, topP, minP }: Cuts): number[] {
  let ids = weights.map((_, id) => id).sort((a, b) => weights[b] - weights[a]);
  if (topK !== undefined) ids = ids.slice(0, topK);
  if (topP !== undefined) {
    const total = ids.reduce((sum, id) => sum + weights[id], 0);
    // A token goes where it and all less likely ones together have at most 1 - topP
    const tail = (rank: number) =>
      ids.slice(rank).reduce((sum, id) => sum + weights[id], 0) / total;
    ids = ids.filter((_, rank) => rank === 0 || tail(rank) > 1 - topP + 1e-12);
  }
  const least = (minP ?? 0) * weights[ids[0]];
  return ids.filter((id) => weights[id] >= least).sort((a, b) => a - b);
}

describe("the tokens that may be drawn", () => {
  it("are those of the definitions", () => {
    const distinct = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), {
      minLength: 1,
      maxLength: 40,
    });
    const share = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100);
    const cuts = fc.record(
      { topK: fc.integer({ min: 1, max: 50 }), topP: share, minP: share },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(distinct, cuts, (numbers, given) => {
        const largest = Math.max(...numbers);
        const weights = numbers.map((number) => number / largest);
        const kept = likeliest(Float64Array.from(weights), given) ?? weights.map((_, id) => id);
        expect([...kept].sort((a, b) => a - b)).toEqual(byDefinition(weights, given));
      }),
    );
  });

  // Worked out by hand as transformers' TopKLogitsWarper, TopPLogitsWarper and MinPLogitsWarper are defined
  it.each<[Cuts, number[]]>([
    [{ topK: 3 }, [0, 2, 3]],
    [{ topP: 0.7 }, [0, 2, 3]],
    [{ minP: 0.3 }, [0, 2]],
    [{ topK: 3, topP: 0.6 }, [0, 2]],
    [{ topP: 0.95, minP: 0.22 }, [0, 2, 3]],
  ])("after %j are %j", (cuts, expected) => {
    const likely = Float64Array.from([0.4, 0.08, 0.25, 0.1, 0.07, 0.06, 0.04], (p) => p / 0.4);
    expect([...(likeliest(likely, cuts) ?? [])].sort()).toEqual(expected);
  });

  it("are found without sorting", () => {
    // one zero: 0 and -0 are equal, and no order of them is wrong
    const value = fc.double({ min: -5, max: 5, noNaN: true }).map((number) => number + 0);
    const values = fc.array(value, { minLength: 1 });
    fc.assert(
      fc.property(values, fc.nat(), (numbers, seed) => {
        const k = 1 + (seed % numbers.length);
        const sorted = Float64Array.from(numbers).sort().reverse();
        expect(kthLargest(Float64Array.from(numbers), k)).toBe(sorted[k - 1]);
      }),
    );
  });
});

describe("a repetition penalty", () => {
  const values = Float32Array.from([2, -1, 1.5, -0.5]);

  it("divides what is likely and multiplies what is not, of tokens that were seen", () => {
    const greedy = createSampler({ repetitionPenalty: 1.6 }, [0, 3]); // 1.25, -1, 1.5, -0.8
    expect(greedy(values).token).toBe(2);
    expect(greedy(values).token).toBe(0); // 1.25, -1, 0.94, -0.8
  });

  it("acts before temperature and cuts", () => {
    const sample = createSampler({ repetitionPenalty: 4, temperature: 1, topK: 1 }, [0, 2]);
    expect(sample(values).token).toBe(0); // 0.5 beside -1, 0.375, -0.5
    expect(values).toEqual(Float32Array.from([2, -1, 1.5, -0.5]));
  });

  it("of 1 changes nothing", () => {
    expect(createSampler({ repetitionPenalty: 1 }, [0])(values).token).toBe(0);
  });
});

describe("options of sampling", () => {
  it.each<SamplingOptions>([
    { temperature: Number.NaN },
    { topK: 1.5 },
    { topP: 0 },
    { minP: 1.1 },
    { repetitionPenalty: 0 },
    { seed: 0.5 },
  ])("may not be %j", (options) => {
    expect(() => checkSampling(options)).toThrow(InvalidArgumentError);
  });
});
