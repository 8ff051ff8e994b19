/** The nonlinearities against their definitions in float64. */
import { fromFlat, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { PlainActivationName } from "../config/config.js";
import { activations } from "./activations.js";

/** The error function by its power series, which converges everywhere. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const definitions: Record<PlainActivationName, (x: number) => number> = {
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  geluTanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  geluQuick: (x) => x * sigmoid(1.702 * x),
  relu: (x) => Math.max(x, 0),
  reluSquared: (x) => Math.max(x, 0) ** 2,
  silu: (x) => x * sigmoid(x),
};

const inputs = Float32Array.from({ length: 161 }, (_, index) => (index - 80) / 20);

describe("activations", () => {
  for (const [name, definition] of Object.entries(definitions)) {
    it(`${name} follows its definition`, () => {
      const values = toFlat(activations[name as PlainActivationName](fromFlat(inputs, [161])));
      const apart = Array.from(values, (value, index) =>
        Math.abs(value - definition(inputs[index])),
      );
      expect(Math.max(...apart)).toBeLessThan(2e-6);
    });
  }

  it("go to their limits far out instead of becoming NaN", () => {
    const far = fromFlat(Float32Array.from([-1e4, -60, 60, 1e4]), [4]);
    for (const name of ["gelu", "geluTanh", "geluQuick", "relu", "silu"] as const) {
      const values = toFlat(activations[name](far));
      expect(Math.abs(values[0]), name).toBeLessThan(1e-15);
      expect(Math.abs(values[1]), name).toBeLessThan(1e-6);
      expect(values[2], name).toBeCloseTo(60, 3);
      expect(values[3], name).toBe(1e4);
    }
  });

  it("have finite gradients far out, where that of the tanh form was zero times infinity", () => {
    const far = fromFlat(Float32Array.from([-1e3, -30, -11, 11, 30]), [5]);
    for (const [name, activation] of Object.entries(activations)) {
      const gradient = toFlat(mx.grad((x: MxArray) => mx.sum(activation(x)))(far));
      expect([...gradient].every(Number.isFinite), name).toBe(true);
      if (name !== "reluSquared") expect(gradient[4], name).toBeCloseTo(1, 5);
    }
  });
});
