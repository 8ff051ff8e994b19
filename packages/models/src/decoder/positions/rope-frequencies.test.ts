/** Scaled frequencies against numbers computed independently from transformers' formulas, in float64. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { RopeConfig, RopeScaling } from "../config/rope-config.js";
import { createRotation } from "./rope.js";
import { ropeFrequencies } from "./rope-frequencies.js";

function expectFrequencies(config: RopeConfig, length: number, expected: readonly number[]) {
  const frequencies = ropeFrequencies(config, length);
  expect(frequencies).toHaveLength(expected.length);
  for (const [pair, frequency] of expected.entries()) {
    expect(frequencies[pair] / frequency).toBeCloseTo(1, 4);
  }
}

const plain = { base: 10_000, interleaved: false };
const yarn = {
  kind: "yarn",
  factor: 4,
  betaFast: 8,
  betaSlow: 1,
  originalMaxPositions: 64,
  attentionFactor: 1.5,
} as const;
const longrope: RopeScaling = {
  kind: "longrope",
  shortFactors: [1, 2],
  longFactors: [4, 8],
  originalMaxPositions: 16,
  attentionFactor: 1.5,
};

describe("yarn", () => {
  it("divides long waves, keeps short ones and mixes between", () => {
    const config = { ...plain, dims: 16, scaling: { ...yarn, truncate: true } };
    const long = [0.0025, 7.90569e-4, 2.5e-4, 7.90569e-5];
    expectFrequencies(config, 8, [1, 0.237171, 0.05, 7.90569e-3, ...long]);
  });

  it("may mix between exact places", () => {
    const config = { ...plain, dims: 16, scaling: { ...yarn, truncate: false } };
    const long = [0.0025, 7.90569e-4, 2.5e-4, 7.90569e-5];
    expectFrequencies(config, 8, [1, 0.212469, 0.0256644, 7.90569e-3, ...long]);
  });

  it("multiplies what turns, and only that", () => {
    const config = { ...plain, dims: 4, scaling: { ...yarn, truncate: true } };
    const turned = createRotation(config, 8)(mx.ones([1, 1, 1, 8]), {
      offset: 0,
      end: 1,
      ids: undefined,
    });
    expect([...toFlat(turned)]).toEqual([1.5, 1.5, 1.5, 1.5, 1, 1, 1, 1]);
  });
});

describe("longrope", () => {
  const config = { ...plain, dims: 4, scaling: longrope };

  it("divides by one list up to the original length and by the other beyond", () => {
    expectFrequencies(config, 16, [1, 0.01 / 2]);
    expectFrequencies(config, 17, [1 / 4, 0.01 / 8]);
  });

  it("changes lists when a sequence grows past the original length", () => {
    const rotate = createRotation(config, 4);
    const x = mx.ones([1, 1, 1, 4]);
    const at = (end: number) => toFlat(rotate(x, { offset: 1, end, ids: undefined }))[0];
    expect(at(2)).toBeCloseTo(1.5 * (Math.cos(1) - Math.sin(1)), 5);
    expect(at(20)).toBeCloseTo(1.5 * (Math.cos(1 / 4) - Math.sin(1 / 4)), 5);
    expect(at(2)).toBeCloseTo(1.5 * (Math.cos(1) - Math.sin(1)), 5);
  });
});

describe("dynamic scaling", () => {
  const scaling = { kind: "dynamic", factor: 2, originalMaxPositions: 16 } as const;
  const config = { ...plain, dims: 8, scaling };

  it("changes nothing up to the original length", () => {
    const unscaled = [...ropeFrequencies({ ...plain, dims: 8 })];
    expectFrequencies(config, 16, unscaled);
  });

  it("grows the base with the length", () => {
    expectFrequencies(config, 40, [1, 0.0629961, 0.0039685, 2.5e-4]);
  });
});
