/** xIELU against its definition, in float64 on the host. */
import { fromFlat, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { Xielu } from "./xielu.js";

const softplus = (x: number) => Math.log1p(Math.exp(x));

it("is a parabola above 0 and an exponential below, with what it has learned", () => {
  const xielu = new Xielu();
  xielu.alphaPositive = mx.array([0.3]);
  xielu.alphaNegative = mx.array([-0.7]);
  xielu.beta = mx.array(0.4);
  xielu.bound = mx.array(-1e-6);
  const inputs = Float32Array.from({ length: 41 }, (_, i) => (i - 20) / 4);
  const values = toFlat(xielu.forward(fromFlat(inputs, [41])));
  for (const [index, x] of inputs.entries()) {
    const above = softplus(0.3) * x * x;
    const below = (0.4 + softplus(-0.7)) * (Math.expm1(Math.min(x, -1e-6)) - x);
    expect(values[index]).toBeCloseTo((x > 0 ? above : below) + 0.4 * x, 4);
  }
});

it("has a gradient far out on both sides", () => {
  const gradient = mx.grad((x: MxArray) => mx.sum(new Xielu().forward(x)))(
    mx.array([-500, 0, 500]),
  );
  for (const value of toFlat(gradient)) expect(Number.isFinite(value)).toBe(true);
});
