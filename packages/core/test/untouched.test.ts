/** A trace changes nothing: not what the model computes, nor what it holds, however the trace ends. */
import type { MxArray } from "@mlxterp/mlx";
import { mx, nn } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { openCount } from "../src/trace/open-traces.js";
import { CausalModel } from "./support/causal-model.js";
import { expectSame, expectUntouched } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

const x = numbers(2, 3, 4);
const network = new Stack();
const model = new InterpretableModel(network);
const fail = (): MxArray => {
  throw new Error("stop here");
};

afterEach(() => {
  expect(openCount()).toBe(0);
});

describe("what is computed", () => {
  it("is the same with and without a trace, bit for bit", async () => {
    using trace = model.trace(x);
    expectSame(trace.output.value, network.forward(x));
    expectSame((await model.run(x)).get("output"), network.forward(x));
  });

  it("is the same for a language model when everything is saved", async () => {
    const language = new CausalModel();
    const wrapped = new InterpretableModel(language);
    const cache = await wrapped.run([[1, 2, 3, 4]], { save: ["**", "output"] });
    expectSame(cache.get("output"), language.forward(mx.array([[1, 2, 3, 4]], mx.int32)));
  });

  it("is the same through forward", () => {
    expectSame(model.forward(x), network.forward(x));
  });
});

describe("what the modules hold", () => {
  it("is the same after a pass, and after everything was read and released", async () => {
    await expectUntouched(network, async () => {
      using trace = model.trace(x);
      trace.saveAll("**", "**.input");
      await model.run(x, { save: "**" });
    });
  });

  it("is the same after an exception in a module", async () => {
    class Failing extends nn.Module {
      inner = new Stack(1);
      override forward(y: MxArray): MxArray {
        this.inner.forward(y);
        return fail();
      }
    }
    const failing = new Failing();
    const wrapped = new InterpretableModel(failing);
    await expectUntouched(failing, () => expect(() => wrapped.trace(x)).toThrow("stop here"));
    await expectUntouched(failing, () => expect(wrapped.run(x)).rejects.toThrow("stop here"));
    expect(() => wrapped.inner).toThrow(/only inside a trace/);
  });

  it("is the same after an exception in an intervention, and the next pass is whole", async () => {
    const interventions = { "layers.1.up": fail };
    await expectUntouched(network, () => {
      expect(() => model.trace(x, { interventions })).toThrow("stop here");
    });
    await expect(model.run(x, { interventions })).rejects.toThrow("stop here");
    using trace = model.trace(x);
    expectSame(trace.output.value, network.forward(x));
  });

  it("is the same after an exception in the body of a trace", async () => {
    const body = () => {
      using trace = model.trace(x);
      trace.layers[0].save();
      throw new Error("stop here");
    };
    await expectUntouched(network, () => expect(body).toThrow("stop here"));
    const asynchronous = async () => {
      await using trace = model.trace(x);
      trace.layers[0].save();
      await Promise.reject(new Error("stop here"));
    };
    await expectUntouched(network, () => expect(asynchronous()).rejects.toThrow("stop here"));
    expect(() => model.layers).toThrow(/only inside a trace/);
  });

  it("is the same after an exception where a value is read or derived", async () => {
    await expectUntouched(network, () => {
      using trace = model.trace(x);
      expect(() => trace.at("layers.9")).toThrow();
      expect(() => trace.saveAll("nothing" as string)).toThrow();
    });
  });
});

describe("a frozen array of arguments or interventions", () => {
  it("is not written to", () => {
    const interventions = Object.freeze({
      "layers.0": Object.freeze([(y: MxArray) => mx.multiply(y, 2)]),
    });
    const options = Object.freeze({ interventions, args: Object.freeze([]) });
    using trace = model.trace(x, options);
    expectSame(trace.layers[0].value, mx.multiply(network.layers[0].forward(x), 2));
  });
});
