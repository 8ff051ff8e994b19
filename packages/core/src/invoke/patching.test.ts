/** Values passed from one prompt's run to another's in the same forward. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose } from "../../test/support/compare.js";
import { SiteNotReachedError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";

const model = new InterpretableModel(new CausalModel(3), { tokenizer: letters });
const [clean, corrupted] = ["abcd", "hbcd"];
/** Sums over another number of rows and keys round in another order. */
const rounding = 1e-5;

describe("a value of the clean run in the corrupted one", () => {
  it.each([
    "embedTokens",
    "layers.1",
    "layers.1.input",
    "layers.1.selfAttn.pattern",
    "layers.2.mlp",
  ])("at %s is the patching of two passes", (site) => {
    using source = model.trace(clean);
    const value = source.value(site);
    using expected = model.trace(corrupted, { interventions: { [site]: () => value } });
    using trace = model.trace();
    const first = trace.invoke(clean);
    const second = trace.invoke(corrupted, {
      interventions: { [site]: () => first.value(site) },
    });
    trace.invoke("ijkabcde"); // longer than both
    expectClose(second.output.value, expected.output.value, rounding);
    expectClose(first.output.value, source.output.value, rounding);
    expectClose(second.layers[2].value, expected.layers[2].value, rounding);
  });

  it("may be chosen by position, where the prompts differ in length", () => {
    const patch = (x: MxArray, value: MxArray) =>
      mx.concatenate([x.index(mx.Slice(), mx.Slice(0, -1)), value], 1);
    const last = (value: MxArray) => value.index(mx.Slice(), mx.Slice(-1, null));
    using source = model.trace("abcdefg");
    const value = last(source.layers[1].value);
    using expected = model.trace("hi", { interventions: { "layers.1": (x) => patch(x, value) } });
    using trace = model.trace();
    const long = trace.invoke("abcdefg");
    const short = trace.invoke("hi", {
      interventions: { "layers.1": (x) => patch(x, last(long.layers[1].value)) },
    });
    expectClose(short.output.value, expected.output.value, rounding);
  });

  it("has the changes that its own run makes", () => {
    const double = (x: MxArray) => mx.multiply(x, 2);
    using source = model.trace(clean, { interventions: { "layers.0": double } });
    const value = source.layers[0].value;
    using expected = model.trace(corrupted, { interventions: { "layers.0": () => value } });
    using trace = model.trace();
    const first = trace.invoke(clean, { interventions: { "layers.0": double } });
    const second = trace.invoke(corrupted, {
      interventions: { "layers.0": () => first.layers[0].value },
    });
    expectClose(second.output.value, expected.output.value, rounding);
  });

  it("goes from the later prompt to the earlier one as well, where nothing is to change it", () => {
    using source = model.trace(clean);
    const value = source.layers[0].value;
    using expected = model.trace(corrupted, { interventions: { "layers.0": () => value } });
    using trace = model.trace();
    const second = trace.invoke(corrupted, {
      interventions: { "layers.0": () => first.layers[0].value },
    });
    const first = trace.invoke(clean);
    expectClose(second.output.value, expected.output.value, rounding);
  });

  it("may be saved on the way", () => {
    using trace = model.trace();
    const first = trace.invoke(clean);
    trace.invoke(corrupted, {
      interventions: {
        "layers.1": (x) =>
          mx.add(mx.multiply(x, 0), first.layers[0].selfAttn.result.save().squeeze(2)),
      },
    });
    trace.run();
    expect([...first.saved.keys()]).toEqual(["layers.0.selfAttn.result"]);
  });
});

describe("a value that is not there yet", () => {
  const reading = (site: string, own = false, changes = false) => {
    using trace = model.trace();
    const read = (x: MxArray) => {
      (own ? second : first).value(site);
      return x;
    };
    const second = trace.invoke(corrupted, { interventions: { "layers.1": read } });
    const first = trace.invoke(clean, changes ? { interventions: { "layers.1": (x) => x } } : {});
    trace.run();
  };

  it.each(["layers.2", "output", "layers.1.selfAttn#1"])("is refused: %s", (site) => {
    expect(() => reading(site)).toThrow(SiteNotReachedError);
    expect(() => reading(site)).toThrow(/has not come so far.*before its own site/);
  });

  it("is refused while a later prompt's own change is to come", () => {
    reading("layers.1");
    expect(() => reading("layers.1", false, true)).toThrow(
      /have yet to act on this prompt's value/,
    );
  });

  it("is refused at the intervention's own site and prompt", () => {
    expect(() => reading("layers.1", true)).toThrow(/is given the value it acts on/);
    reading("layers.1.mlp", true);
    reading("layers.1.input", true);
  });

  it("is not left out silently where several are asked for", () => {
    using trace = model.trace();
    const first = trace.invoke(clean, {
      interventions: {
        "layers.1": (x) => {
          first.saveAll("layers.{0,2}");
          return x;
        },
      },
    });
    expect(() => trace.run()).toThrow(/"layers.2".*has not come so far/);
  });
});

describe("edits of the model's view", () => {
  const edited = model.edit({ "layers.0": (x) => mx.multiply(x, 3) });

  it("act before the invocations, on all of them", () => {
    const program = { interventions: { "layers.0": (x: MxArray) => mx.add(x, 1) } };
    using trace = edited.trace();
    const [plain, changed] = [trace.invoke("abc"), trace.invoke("k", program)];
    using one = edited.trace("abc");
    using other = edited.trace("k", program);
    expectClose(plain.output.value, one.output.value, rounding);
    expectClose(changed.layers[0].value, other.layers[0].value, rounding);
    expectClose(changed.output.value, other.output.value, rounding);
  });
});

it("passes values along a chain of three prompts of different lengths, at the same and at other sites", () => {
  const last = (value: MxArray) => value.index(mx.Slice(), mx.Slice(-1, null)); // (1, 1, hidden)
  const add = (value: () => MxArray) => (x: MxArray) => mx.add(x, last(value()));
  using one = model.trace("ab");
  const [a, b] = [one.layers[0].value, one.layers[2].value];
  using two = model.trace("cdefg", { interventions: { "layers.0": add(() => a) } });
  const c = two.layers[0].value;
  const interventions = { "layers.0": add(() => c), "finalNorm.input": add(() => b) };
  using three = model.trace("hij", { interventions });

  using trace = model.trace();
  const first = trace.invoke("ab");
  const second = trace.invoke("cdefg", {
    interventions: { "layers.0": add(() => first.layers[0].value) },
  });
  const third = trace.invoke("hij", {
    interventions: {
      "layers.0": add(() => second.layers[0].value),
      "finalNorm.input": add(() => first.layers[2].value),
    },
  });
  expectClose(second.output.value, two.output.value, rounding);
  expectClose(third.output.value, three.output.value, rounding);
});
