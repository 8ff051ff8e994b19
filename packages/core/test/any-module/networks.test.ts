/** Whole networks that nobody here designed the tracer for: read, changed and differentiated at all their sites. */
import { type Module, type MxArray, mx } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { InterpretableModel } from "../../src/model/model.js";
import { openCount } from "../../src/trace/open-traces.js";
import { expectSame } from "../support/compare.js";
import { centralDifference, inner, randomDirection } from "../support/derivatives.js";
import {
  RecurrentNetwork,
  SequenceToSequence,
  SkipNetwork,
  TwoTowers,
  VisionNetwork,
} from "../support/foreign-networks.js";
import { spread } from "../support/layer-cases.js";
import { expectUnmarked } from "../support/unmarked.js";

// Of the networks' weights, which are drawn while the tests are collected: before any `beforeAll`. With some weights a
// kink of a ReLU lies within the step of the differences, and they, not the gradients, are off by more than is allowed.
mx.random.seed(17);

afterEach(() => {
  expect(openCount()).toBe(0);
});

/** A network with an input, how many sites it has, and the site whose doubling doubles what follows from it. */
interface Case {
  readonly create: () => Module;
  readonly input: MxArray;
  readonly args?: readonly unknown[];
  readonly sites: number;
  /** Where gradients are compared. */
  readonly at: readonly string[];
  /** Doubling here has the effect that `expected` says. */
  readonly doubled: string;
}

const ids = mx.array([[1, 5, 2, 7]], mx.int32);
const cases: Record<string, Case> = {
  "a vision network": {
    create: () => new VisionNetwork().eval(),
    input: spread([2, 8, 8, 3]),
    sites: 3 + 3 * 5 + 1, // three blocks, one with a shortcut
    at: ["stem", "stages.1.0", "stages.1.0.shortcut", "stages.1.1.norm2", "pool.input"],
    doubled: "head",
  },
  "an encoder and a decoder with memory": {
    create: () => new SequenceToSequence().eval(),
    input: ids,
    args: [mx.array([[3, 3, 9]], mx.int32)],
    sites: 3 + 1 + 14 + 21,
    at: ["embed#1", "transformer.encoder", "transformer.decoder.layers.0.crossAttention.input.1"],
    doubled: "head",
  },
  "a recurrent language model": {
    create: () => new RecurrentNetwork(),
    input: ids,
    sites: 4,
    at: ["embed", "lstm", "lstm.output.1", "gru"],
    doubled: "head",
  },
  "two towers that return objects": {
    create: () => new TwoTowers(),
    input: spread([3, 4]),
    args: [{ scale: 0.5 }],
    sites: 6,
    at: ["towers.left", "towers.right.layers.0", "towers.left.layers.1"],
    doubled: "towers.left",
  },
  "a diffusion network with lists of skips": {
    create: () => new SkipNetwork().eval(),
    input: spread([1, 4, 4, 3]),
    args: [mx.array([[0.25]])],
    sites: 7,
    at: ["time", "down.0", "down.1.input", "middle", "up.0"],
    doubled: "up.1",
  },
};

describe.each(Object.entries(cases))(
  "%s",
  (_name, { create, input, args = [], sites, at, doubled }) => {
    const network = create();
    const model = new InterpretableModel(network);
    const weigh = (output: MxArray) =>
      mx.sum(
        mx.multiply(output, mx.random.normal(output.shape, mx.float32, 0, 1, mx.random.key(2))),
      );

    it("computes the same bits while every site is read, in any order, and holds what it held", async () => {
      expect(model.sites()).toHaveLength(sites);
      const plain = model.forward(input, ...args);
      await expectUnmarked(network, async () => {
        const cache = await model.run(input, { args, save: ["**", "**.input", "output"] });
        expect(cache.size).toBeGreaterThan(2 * sites);
        expectSame(cache.get("output"), plain);
        using trace = model.trace(input, { args });
        for (const site of cache.keys().reverse()) expectSame(trace.value(site), cache.get(site));
        expectSame(trace.output.value, plain);
      });
      expectSame(model.forward(input, ...args), plain);
    });

    it("is changed by an intervention as it would be by hand", async () => {
      const interventions = { [doubled]: (x: MxArray) => mx.multiply(x, 2) };
      await expectUnmarked(network, () => {
        using trace = model.trace(input, { args, interventions });
        expectSame(trace.output.value, mx.multiply(model.forward(input, ...args), 2));
      });
    });

    it("has the gradients that differences have", async () => {
      const { gradients } = await model.gradients(input, weigh, { args, save: at });
      expect(gradients.size).toBe(at.length);
      for (const [site, gradient] of gradients) {
        const direction = randomDirection(gradient.shape, 3);
        const difference = centralDifference(model, input, {
          metric: weigh,
          site,
          direction,
          args,
        });
        const size = Math.sqrt(inner(gradient, gradient));
        expect(size, site).toBeGreaterThan(1e-3);
        // float32 through a dozen layers: rounding of the difference is some 1e-3 of the gradient's length
        expect(Math.abs(inner(gradient, direction) - difference), site).toBeLessThan(3e-3 * size);
      }
    });
  },
);
