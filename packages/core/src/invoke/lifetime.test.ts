/** How a trace of several prompts begins, fails and closes, and what it refuses. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose, expectSame, expectUntouched } from "../../test/support/compare.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { DisposedError, InvalidPromptError, UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import { growsBatch } from "../pass/apply.js";
import type { Interventions } from "../pass/intervention.js";
import { openCount } from "../trace/open-traces.js";
import { InvocationNeededError, LateInvocationError } from "./errors.js";

const model = new InterpretableModel(new CausalModel(), { tokenizer: letters });

afterEach(() => {
  expect(openCount()).toBe(0);
});

describe("the forward", () => {
  it("begins at the first value that is read, and only once", () => {
    let passes = 0;
    const count = (x: MxArray) => {
      passes++;
      return x;
    };
    using trace = model.trace();
    const one = trace.invoke("ab", { interventions: { "layers.0": count } });
    const site = one.at("blocks.0.hook_resid_post");
    expect(site.site).toBe("layers.0");
    expect(one.layers[1].site).toBe("layers.1");
    expect(passes).toBe(0);
    expect(one.layers[1].shape).toEqual([1, 2, 8]);
    trace.run();
    one.saveAll("layers.*");
    expect(passes).toBe(1);
  });

  it("begins with run, or never", () => {
    {
      using trace = model.trace();
      expect(() => trace.run()).toThrow(/no prompt: call trace.invoke/);
      trace.invoke("ab", { interventions: { "layers.0": () => mx.zeros([1]) } });
    }
    using trace = model.trace();
    trace.invoke("ab");
    trace.run();
    expect(trace.notes).toEqual([]);
    expect(String(trace)).toBe("[trace of 1 invocations, begun]");
  });

  it("hands on further arguments", () => {
    const masked = new InterpretableModel(new CausalModel(), {
      tokenizer: letters,
      forwardArguments: ({ lengths }, given) => [lengths, ...given],
    });
    const seen: unknown[][] = [];
    masked.module.forward = function (this: CausalModel, ...args: [MxArray]) {
      seen.push(args.slice(1));
      return CausalModel.prototype.forward.apply(this, args);
    };
    using trace = masked.trace();
    trace.invoke(["ab", "c"]);
    trace.invoke("defg");
    trace.run({ args: ["given"] });
    expect(seen).toEqual([[[2, 1, 4], "given"]]);
  });
});

describe("what is refused", () => {
  it("is a prompt once the forward has begun, and one invoked in the middle of it", () => {
    using trace = model.trace();
    trace.invoke("ab", {
      interventions: {
        "layers.0": (x) => {
          expect(() => trace.invoke("c")).toThrow(LateInvocationError);
          return x;
        },
      },
    });
    trace.run();
    expect(() => trace.invoke("c")).toThrow(/Call invoke\(\) for every prompt first/);
  });

  it("is what cannot be for one prompt alone, when it is invoked", () => {
    using trace = model.trace();
    const invoke = (interventions: object) =>
      trace.invoke("ab", { interventions: interventions as Interventions });
    expect(() => invoke({ "layers.0": growsBatch((x) => x) })).toThrow(
      /grows the batch, which is shared/,
    );
    expect(() => invoke({ "layer.0": (x: MxArray) => x })).toThrow(UnknownSiteError);
    expect(() => invoke({ "layers.0": 3 })).toThrow(/not a function/);
    expect(() => trace.invoke("")).toThrow(InvalidPromptError);
    trace.invoke("ab");
    expect(() => trace.invoke(numbers(1, 2, 4))).toThrow(/all tokens, or all arrays/);
  });

  it("is a value of the trace itself, or of the model, with the way to one", () => {
    using trace = model.trace();
    trace.invoke("ab");
    expect(() => (trace as unknown as { layers: unknown }).layers).toThrow(InvocationNeededError);
    expect(() => model.layers).toThrow(/one = trace.invoke\(prompt\); one.layers/);
    expect(() => Object.assign(trace, { layers: 3 })).toThrow();
  });

  it("is a misspelt site, which does not compile either", () => {
    using trace = model.trace();
    const one = trace.invoke("ab");
    // @ts-expect-error a misspelt module
    expect(() => one.layer).toThrow(UnknownSiteError);
    // @ts-expect-error a misspelt site
    expect(() => one.at("layer.0")).toThrow(UnknownSiteError);
    // @ts-expect-error a misspelt site to change
    expect(() => trace.invoke("c", { interventions: { "layer.0": (x) => x } })).toThrow();
    // @ts-expect-error the trace itself has no values
    expect(() => trace.output).toThrow(InvocationNeededError);
  });

  it("are arrays that do not fit together", () => {
    const plain = new InterpretableModel(new Stack());
    using trace = plain.trace();
    expect(() => trace.invoke(numbers(4))).toThrow(/batch axis/);
    trace.invoke(numbers(1, 2, 4));
    expect(() => trace.invoke(numbers(1, 3, 4))).toThrow(
      /\[1, 3, 4\] does not go with \[1, 2, 4\]/,
    );
    expect(() => trace.invoke(numbers(1, 2, 4).astype(mx.float16))).toThrow(/agree in dtype/);
  });
});

describe("arrays", () => {
  it("are joined along the batch, and each has its own program", () => {
    const network = new Stack();
    const plain = new InterpretableModel(network);
    const [x, y] = [numbers(2, 3, 4), mx.negative(numbers(1, 3, 4))];
    const interventions = { "layers.0": (z: MxArray) => mx.multiply(z, 2) };
    using trace = plain.trace();
    const [one, other] = [trace.invoke(x, { interventions }), trace.invoke(y)];
    using alone = plain.trace(x, { interventions });
    for (const [site, value] of Object.entries(alone.saveAll("**", "output"))) {
      expectClose(one.value(site), value);
    }
    expectClose(other.output.value, network.forward(y));
    expect(one.tokens).toBeUndefined();
  });
});

describe("a failure in the forward", () => {
  it("is told again at every reading, and leaves nothing behind", async () => {
    await expectUntouched(model.module, () => {
      using trace = model.trace();
      const one = trace.invoke("ab", {
        interventions: {
          "layers.1": () => {
            one.layers[0].save();
            throw new Error("on purpose");
          },
        },
      });
      expect(() => one.output.value).toThrow("on purpose");
      expect(() => one.layers[0].value).toThrow("on purpose");
      expect(() => trace.run()).toThrow("on purpose");
      expect(() => trace.invoke("c")).toThrow(LateInvocationError);
    });
  });

  it.each<[string, () => MxArray, RegExp]>([
    ["wrong shape", () => mx.zeros([2, 2, 8]), /shape \[1, 2, 8\], but returned shape \[2, 2, 8\]/],
    ["promise", () => Promise.resolve() as never, /a Promise/],
  ])("tells the shape of the prompt alone: %s", (_, broken, message) => {
    using trace = model.trace();
    trace.invoke("abcd");
    trace.invoke("ef", { interventions: { "layers.0": broken } });
    expect(() => trace.run()).toThrow(message);
  });
});

describe("closing", () => {
  it.each(["gathering", "begun", "failed"])("works when %s, any number of times", async (state) => {
    const trace = model.trace();
    const interventions = { "layers.0": (x: MxArray) => (state === "failed" ? mx.zeros([1]) : x) };
    const one = trace.invoke("ab", { interventions });
    if (state === "begun") trace.run();
    if (state === "failed") expect(() => trace.run()).toThrow();
    trace.dispose();
    trace[Symbol.dispose]();
    await trace[Symbol.asyncDispose]();
    expect(trace.disposed).toBe(true);
    for (const use of [() => one.output.value, () => trace.run(), () => trace.invoke("c")]) {
      expect(use).toThrow(DisposedError);
    }
  });

  it("computes what was saved, of every prompt", async () => {
    let kept: MxArray[];
    {
      await using trace = model.trace();
      const prompts = ["abc", "de"].map((prompt) => trace.invoke(prompt));
      kept = prompts.map(({ layers }) => layers[-1].save());
      expect(JSON.stringify(prompts[1])).toBe('{"saved":{"layers.1":[1,2,8]}}');
    }
    using alone = model.trace("de");
    expectClose(kept[1], alone.layers[1].value);
    expect(kept[0].shape).toEqual([1, 3, 8]);
  });

  it("in the middle of the forward leaves no value behind", () => {
    const trace = model.trace();
    const one = trace.invoke("ab", {
      interventions: {
        "layers.0": (x) => {
          trace.dispose();
          return x;
        },
      },
    });
    trace.run();
    expect(() => one.layers[0].value).toThrow(DisposedError);
  });
});

describe("beside other traces", () => {
  it("each has its own values", () => {
    using outer = model.trace("abc");
    using batch = model.trace();
    const one = batch.invoke("de");
    using second = model.trace();
    const other = second.invoke("de");
    {
      using inner = model.trace("f");
      expectSame(model.layers[0].value, inner.layers[0].value);
      expectSame(one.layers[0].value, other.layers[0].value);
    }
    expect(() => model.layers).toThrow(InvocationNeededError);
    second.dispose();
    batch.dispose();
    expectSame(model.layers[0].value, outer.layers[0].value);
  });

  it("can be opened inside an intervention, also of another trace of several prompts", () => {
    using trace = model.trace();
    const one = trace.invoke("abc", {
      interventions: {
        "layers.1": (x): MxArray => {
          using inner = model.trace();
          const part = inner.invoke("abc", {
            interventions: { "layers.0": () => one.layers[0].value },
          });
          inner.invoke("defgh");
          return mx.add(mx.multiply(x, 0), part.layers[1].value);
        },
      },
    });
    using alone = model.trace("abc");
    expectClose(one.output.value, alone.output.value);
  });
});
