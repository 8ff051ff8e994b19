/** The contract between a pass and the functions that change it. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { SiteNotReachedError } from "../src/errors.js";
import { InterpretableModel } from "../src/model/model.js";
import type { Intervention, Interventions, SiteContext } from "../src/pass/intervention.js";
import { CausalModel, letters } from "./support/causal-model.js";
import { Add, Chain } from "./support/networks.js";

const zero = mx.zeros([1]);
const model = new InterpretableModel(new Chain(1, 2, 3));
const add = (amount: number) => (x: MxArray) => mx.add(x, amount);
const times = (factor: number) => (x: MxArray) => mx.multiply(x, factor);

function output(interventions: Interventions, input = zero): unknown {
  using trace = model.trace(input, { interventions });
  return trace.output.value.item();
}

describe("order", () => {
  it("is that of the list, and of the record", () => {
    expect(output({ "parts.0": [add(1), times(10)] })).toBe(25);
    expect(output({ "parts.0": [times(10), add(1)] })).toBe(16);
    expect(output({ "parts.*": times(2), "parts.0": add(1) })).toBe(26);
    expect(output({ "parts.0": add(1), "parts.*": times(2) })).toBe(30);
  });

  it("is that of the pass between modules", () => {
    const seen: string[] = [];
    const note: Intervention = (x, { site }) => {
      seen.push(site);
      return x;
    };
    output({ output: note, "parts.1": note, "parts.1.input": note, "parts.0": note, input: note });
    expect(seen).toEqual(["input", "parts.0", "parts.1.input", "parts.1", "output"]);
  });
});

describe("what an intervention may change", () => {
  it("is an input, an output, or what enters and leaves the model", () => {
    expect(output({ "parts.1.input": add(10) })).toBe(16);
    expect(output({ input: add(100), output: times(2) })).toBe(212);
  });

  it("reads as changed, while what came before reads as it was", () => {
    const interventions = { "parts.1": times(0), "parts.2.input": add(7) };
    using trace = model.trace(zero, { interventions });
    const values = ["parts.0", "parts.1.input", "parts.1", "parts.2.input", "parts.2"];
    expect(values.map((site) => trace.at(site).value.item())).toEqual([1, 1, 0, 7, 10]);
  });

  it("is the array inside a tuple or an object, whose other parts stay", () => {
    class Pair extends nn.Module {
      inner = new Add(1);
      override forward(x: MxArray): { cache: string; hidden: MxArray[]; note: null } {
        return { cache: "kept", hidden: [this.inner.forward(x), mx.negative(x)], note: null };
      }
    }
    class Root extends nn.Module {
      pair = new Pair();
      override forward(x: MxArray): unknown {
        return this.pair.forward(x);
      }
    }
    const interventions = { pair: times(10), "pair.output.1": add(5) };
    using trace = new InterpretableModel(new Root()).trace(zero, { interventions });
    const { cache, hidden, note } = trace.result as ReturnType<Pair["forward"]>;
    expect([cache, hidden[0].item(), hidden[1].item(), note]).toEqual(["kept", 10, 5, null]);
    expect(trace.pair.value.item()).toBe(10);
  });

  it("does not include what holds no array", () => {
    class Texts extends nn.Module {
      inner = new Add(1);
      override forward(x: MxArray): string {
        return `shape ${this.inner.forward(x).shape}`;
      }
    }
    const texts = new InterpretableModel(new Texts());
    expect(() => texts.trace(zero, { interventions: { output: add(1) } })).toThrow(
      /no array at this place/,
    );
    using trace = texts.trace(zero);
    expect(trace.result).toBe("shape 1");
    expect(() => trace.output.value).toThrow(/no array at this place/);
    expect(() => texts.forward(zero)).toThrow(/returned no array/);
  });
});

describe("an intervention that has no chance to act", () => {
  class Skipping extends nn.Module {
    used = new Add(1);
    unused = [new Add(2), new Add(3)];
    override forward(x: MxArray): MxArray {
      return this.used.forward(x);
    }
  }
  const skipping = new InterpretableModel(new Skipping());

  it.each(["unused.0", "unused.{0,1}", "unused.*", "unused.1.input", "used#1", "unused.-1"])(
    "is an error: %s",
    async (selector) => {
      const options = { interventions: { [selector]: add(1) } };
      expect(() => skipping.trace(zero, options)).toThrow(SiteNotReachedError);
      await expect(skipping.run(zero, options)).rejects.toThrow(/had no effect/);
      expect(() => skipping.edit(options.interventions).forward(zero)).toThrow(/had no effect/);
    },
  );

  it("is no error where a pattern acts somewhere", () => {
    using trace = skipping.trace(zero, { interventions: { "**": add(1) } });
    expect(trace.output.value.item()).toBe(2);
  });
});

describe("what an intervention is told", () => {
  it("is its place, its tokens and its step", () => {
    const language = new InterpretableModel(new CausalModel(), { tokenizer: letters });
    const seen: SiteContext[] = [];
    const note: Intervention = (x, site) => {
      seen.push(site);
      return x;
    };
    const interventions = { "blocks.1.attn.hook_pattern": note };
    language.trace(["abc", "a"], { interventions, offset: 7, step: 2 }).dispose();
    expect(seen).toHaveLength(1);
    const { tokens, ...rest } = seen[0];
    expect(rest).toEqual({
      site: "layers.1.selfAttn.pattern",
      call: 0,
      axes: ["batch", "heads", "query", "key"],
      offset: 7,
      step: 2,
    });
    expect(tokens?.ids).toEqual([[0, 1, 2], [0]]);
    expect(tokens?.lengths).toEqual([3, 1]);
  });

  it("leaves out tokens where the input is none", () => {
    let site: SiteContext | undefined;
    output({
      "parts.0": (x, context) => {
        site = context;
        return x;
      },
    });
    expect(site).toMatchObject({ tokens: undefined, offset: 0, step: undefined, axes: undefined });
  });
});
