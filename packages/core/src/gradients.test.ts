/** Gradients flow through a pass, its interventions and its captured values. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { InterpretableModel } from "./model.js";
import { expectClose } from "./testing/compare.js";
import { numbers, Stack } from "./testing/networks.js";

it("the gradient of a traced output is that of the plain forward with the same change", () => {
  const network = new Stack(2);
  const model = new InterpretableModel(network);
  const x = numbers(2, 4);
  const double = (y: MxArray) => mx.multiply(y, 2);
  const traced = (input: MxArray) => {
    using trace = model.trace(input, { interventions: { "layers.0": double } });
    return mx.sum(mx.add(trace.output.value, mx.sum(trace.layers[1].up.value)));
  };
  const plain = (input: MxArray) => {
    const middle = double(network.layers[0].forward(input));
    const output = network.head.forward(network.layers[1].forward(middle));
    return mx.sum(mx.add(output, mx.sum(network.layers[1].up.forward(middle))));
  };
  const gradient = mx.grad(traced)(x);
  expectClose(gradient, mx.grad(plain)(x));
  expect(mx.max(mx.abs(gradient)).item()).toBeGreaterThan(0);
});
