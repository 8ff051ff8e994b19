/** Rotary positions against the definition: pairs of numbers turned in the plane. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { RopeConfig } from "../config/rope-config.js";
import { createRotation } from "./rope.js";
import { ropeFrequencies } from "./rope-frequencies.js";

const headDim = 8;
const length = 5;
const x = mx.random.normal([1, 1, length, headDim], mx.float32, 0, 1, mx.random.key(1));

/** Turns pair by pair, in float64. */
function turnedByHand(config: RopeConfig, positions: readonly number[]): number[] {
  const values = Array.from(toFlat(x));
  for (const [row, position] of positions.entries()) {
    for (let pair = 0; pair < config.dims / 2; pair++) {
      const angle = position * config.base ** ((-2 * pair) / config.dims);
      const first = row * headDim + (config.interleaved ? 2 * pair : pair);
      const second = first + (config.interleaved ? 1 : config.dims / 2);
      const [a, b] = [values[first], values[second]];
      values[first] = a * Math.cos(angle) - b * Math.sin(angle);
      values[second] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return values;
}

function expectClose(actual: MxArray, expected: readonly number[]) {
  const values = toFlat(actual);
  const apart = expected.map((value, index) => Math.abs(value - values[index]));
  expect(Math.max(...apart)).toBeLessThan(1e-5);
}

const plain = (offset: number) => ({ offset, end: offset + length, ids: undefined });
const count = (offset: number) => Array.from({ length }, (_, index) => offset + index);

describe("rotary positions", () => {
  for (const interleaved of [false, true]) {
    for (const dims of [headDim, 4]) {
      it(`turn ${interleaved ? "neighbours" : "halves"} in ${dims} of 8 dimensions`, () => {
        const config = { dims, base: 100, interleaved };
        const rotate = createRotation(config, headDim);
        expectClose(rotate(x, plain(0)), turnedByHand(config, count(0)));
        expectClose(rotate(x, plain(90)), turnedByHand(config, count(90))); // beyond the first table
        expectClose(rotate(x, plain(2)), turnedByHand(config, count(2)));
      });
    }
  }

  it("take positions row by row", () => {
    const config = { dims: headDim, base: 100, interleaved: false };
    const positions = [0, 0, 3, 7, 1];
    const ids = mx.array([positions], mx.int32);
    const turned = createRotation(config, headDim)(x, { offset: 0, end: 8, ids });
    expectClose(turned, turnedByHand(config, positions));
  });

  it("leave the product of query and key a function of their distance", () => {
    const rotate = createRotation({ dims: headDim, base: 100, interleaved: false }, headDim);
    const at = (offset: number) => rotate(x, plain(offset));
    const product = (a: MxArray, b: MxArray) => mx.matmul(a, b.swapaxes(-1, -2));
    expectClose(product(at(40), at(47)), Array.from(toFlat(product(at(3), at(10)))));
  });
});

describe("scaled rotation", () => {
  const config = { dims: 8, base: 10_000, interleaved: false };

  it("divides every frequency when it is linear", () => {
    const scaled = ropeFrequencies({ ...config, scaling: { kind: "linear", factor: 4 } });
    for (const [pair, frequency] of ropeFrequencies(config).entries()) {
      expect(scaled[pair]).toBeCloseTo(frequency / 4, 8);
    }
  });

  it("keeps short waves and divides long ones in Llama 3's way", () => {
    const scaled = ropeFrequencies({
      ...config,
      scaling: {
        kind: "llama3",
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalMaxPositions: 32,
      },
    });
    const frequencies = ropeFrequencies(config); // waves of 6, 63, 628 and 6283 tokens
    expect(scaled[0]).toBe(frequencies[0]); // shorter than 32 / 4
    for (const pair of [1, 2, 3]) expect(scaled[pair]).toBeCloseTo(frequencies[pair] / 8, 8);
  });
});

it("turn the keys of a single head, of a single prompt, with the gradient that two prompts have", () => {
  const rotate = createRotation({ dims: headDim, base: 100, interleaved: false }, headDim);
  const random = (shape: number[], seed: number) =>
    mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(seed));
  const [queries, weights] = [
    random([1, 3, length, headDim], 2),
    random([1, 3, length, length], 3),
  ];
  const gradient = (prompts: number) => {
    const copies = (y: MxArray) => mx.concatenate(Array<MxArray>(prompts).fill(y), 0);
    const metric = (keys: MxArray) => {
      const scores = mx.matmul(copies(queries), rotate(keys, plain(0)).swapaxes(-1, -2));
      return mx.sum(mx.multiply(copies(weights), scores));
    };
    return toFlat(mx.grad(metric)(copies(x)).index(0));
  };
  expectClose(mx.array([...gradient(1)]), [...gradient(2)]);
});
