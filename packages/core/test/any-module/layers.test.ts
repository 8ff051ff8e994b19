/** Every layer class of the binding: read, changed and differentiated inside a network of somebody else's. */
import { type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { beforeEach, describe, expect, it } from "vitest";
import { InterpretableModel } from "../../src/model/model.js";
import { arrayInside } from "../../src/pass/nested.js";
import { expectSame } from "../support/compare.js";
import { centralDifference, inner, randomDirection } from "../support/derivatives.js";
import { createLayer, layerCases, layerClasses } from "../support/layer-cases.js";
import { expectUnmarked } from "../support/unmarked.js";

/** Feeds a layer and hands on half of its first array: exact in binary, so that doubling can be compared bit for bit. */
class Around extends nn.Module {
  layer: Module;
  end = new nn.Identity();
  readonly #fed: (x: MxArray) => readonly unknown[];

  constructor(name: string) {
    super();
    this.layer = createLayer(name);
    this.#fed = layerCases[name].fed ?? ((x) => [x]);
  }

  override forward(x: MxArray): MxArray {
    const output = arrayInside(this.layer.forward(...this.#fed(x)))!;
    return this.end.forward(mx.multiply(output, 0.5));
  }
}

const double = (x: MxArray) => mx.multiply(x, 2);
const weighted = (output: MxArray) =>
  mx.sum(mx.multiply(output, mx.random.normal(output.shape, mx.float32, 0, 1, mx.random.key(8))));

beforeEach(() => {
  mx.random.seed(21);
});

it("has a case for every layer class that the binding exports, and for no other", () => {
  expect(Object.keys(layerCases).sort()).toEqual([...layerClasses.keys()].sort());
});

describe.each(Object.entries(layerCases))("%s", (name, { input, fed = (x) => [x], flat }) => {
  it("computes the same bits, in evaluation and in training, and shows what goes in and out", () => {
    const network = new Around(name);
    const expected = arrayInside(network.layer.forward(...fed(input)))!;
    using trace = new InterpretableModel(network).trace(input);
    expectSame(trace.layer.value, expected);
    expectSame(trace.layer.input.value, arrayInside([...fed(input)])!);
    expectSame(trace.output.value, network.forward(input));
    const [plain, traced] = [0, 1].map((run) => {
      mx.random.seed(4); // of the weights, and of what dropout drops
      const training = new Around(name).train();
      if (run === 0) return training.forward(input) as MxArray;
      using trace = new InterpretableModel(training).trace(input);
      return trace.output.save();
    });
    expectSame(traced, plain);
  });

  it("is changed by an intervention at its output, and not marked by it", async () => {
    const network = new Around(name);
    const expected = double(network.forward(input));
    const model = new InterpretableModel(network);
    await expectUnmarked(network, async () => {
      const interventions = { layer: double };
      const cache = await model.run(input, { save: ["**", "output"], interventions });
      expectSame(cache.get("output"), expected);
    });
    expectSame(model.forward(input), network.forward(input));
  });

  it("has the gradient that differences have", async () => {
    const model = new InterpretableModel(new Around(name));
    const sites = flat === undefined ? ["layer", "layer.input"] : ["layer"];
    const { gradients } = await model.gradients(input, weighted, { save: sites });
    for (const [site, gradient] of gradients) {
      const direction = randomDirection(gradient.shape, 3);
      const line = { metric: weighted, site, direction };
      const difference = centralDifference(model, input, line);
      const size = Math.sqrt(inner(gradient, gradient));
      expect(size, site).toBeGreaterThan(0.01); // else there would be nothing to compare
      // float32: at a step of 1e-2 rounding and curvature weigh about as much, some 1e-3 of the gradient's length
      expect(Math.abs(inner(gradient, direction) - difference), site).toBeLessThan(2e-3 * size);
    }
  });
});
