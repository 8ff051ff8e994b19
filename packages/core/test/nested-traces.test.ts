/** Traces inside traces, inside interventions, and of two models at once. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { openCount } from "../src/trace/open-traces.js";
import { CausalModel } from "./support/causal-model.js";
import { expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

const [x, y] = [numbers(1, 2, 4), mx.negative(numbers(1, 5, 4))];
const network = new Stack();
const model = new InterpretableModel(network);

afterEach(() => {
  expect(openCount()).toBe(0);
});

describe("nested traces of one model", () => {
  it("read each from its own pass", () => {
    using outer = model.trace(x);
    {
      using inner = model.trace(y);
      expect(openCount()).toBe(2);
      expectSame(inner.layers[0].value, network.layers[0].forward(y));
      expectSame(outer.layers[0].value, network.layers[0].forward(x));
      expectSame(model.layers[0].value, network.layers[0].forward(y));
    }
    expectSame(model.layers[0].value, network.layers[0].forward(x));
  });

  it("may be closed in any order", () => {
    const outer = model.trace(x);
    const inner = model.trace(y);
    outer.dispose();
    expectSame(model.layers[0].value, network.layers[0].forward(y));
    inner.dispose();
    expect(() => model.layers).toThrow(/using trace = model.trace/);
  });

  it("lesson: a forward made inside an open trace overwrote its activations", async () => {
    using trace = model.trace(x);
    const before = trace.layers[1].value;
    model.forward(y);
    network.forward(y);
    network.layers[1].forward(y);
    await model.run(y, { save: "**" });
    model.edit({ "layers.1": (z) => mx.zerosLike(z) }).forward(y);
    expectSame(trace.layers[1].value, before);
  });
});

describe("a trace opened inside an intervention", () => {
  it("has its own values, and the outer pass goes on", () => {
    const seen: MxArray[] = [];
    const borrow = (z: MxArray) => {
      using inner = model.trace(x);
      seen.push(inner.layers[1].value);
      return mx.add(z, inner.layers[0].value);
    };
    using outer = model.trace(x, { interventions: { "layers.1": borrow } });
    const first = network.layers[0].forward(x);
    const second = network.layers[1].forward(first);
    expectSame(seen[0], second);
    expectSame(outer.layers[0].value, first);
    expectSame(outer.layers[1].value, mx.add(second, first));
    expectSame(
      outer.output.value,
      network.head.forward(network.layers[2].forward(mx.add(second, first))),
    );
  });

  it("does not see modules that an intervention calls as part of the pass", () => {
    const again = (z: MxArray) => network.layers[0].forward(z);
    using trace = model.trace(x, { interventions: { "layers.0": again } });
    expect(trace.layers[0].value.shape).toEqual(x.shape);
    expect(trace.at("layers.0#0").site).toBe("layers.0#0");
    expect(() => trace.at("layers.0#1").value).toThrow(/did not happen/);
  });

  it("leaves the outer pass intact when it fails", () => {
    const failing = (z: MxArray) => {
      expect(() =>
        model.trace(x, { interventions: { "layers.2": () => "no" as never } }),
      ).toThrow();
      return z;
    };
    using trace = model.trace(x, { interventions: { "layers.0": failing } });
    expectSame(trace.output.value, network.forward(x));
  });
});

describe("two models", () => {
  it("do not see each other's traces", () => {
    const other = new InterpretableModel(new CausalModel());
    using trace = model.trace(x);
    using language = other.trace([[1, 2]]);
    expectSame(model.layers[2].value, trace.layers[2].value);
    expectSame(other.layers[1].value, language.layers[1].value);
    expect(() => new InterpretableModel(new Stack()).layers).toThrow(/only inside a trace/);
  });

  it("may wrap the same module", () => {
    const twin = new InterpretableModel(network);
    using one = model.trace(x, { interventions: { "layers.0": (z) => mx.zerosLike(z) } });
    using two = twin.trace(x);
    expectSame(two.layers[0].value, network.layers[0].forward(x));
    expectSame(one.layers[0].value, mx.zeros(x.shape));
  });

  it("may contain each other's modules", () => {
    const part = new InterpretableModel(network.layers[1]);
    const inside = (z: MxArray) => {
      using trace = part.trace(z);
      return trace.output.value;
    };
    using trace = model.trace(x, { interventions: { "layers.0": inside } });
    const first = network.layers[0].forward(x);
    expectSame(trace.layers[0].value, network.layers[1].forward(first));
  });
});

describe("an edited view", () => {
  const double = (z: MxArray) => mx.multiply(z, 2);
  const edited = model.edit({ "layers.0": double });

  it("applies its interventions everywhere, and leaves the original as it was", async () => {
    const first = network.layers[0].forward(x);
    const expected = [double(first), mx.add(double(first), 1)];
    using trace = edited.trace(x, { interventions: { "layers.0": (z) => mx.add(z, 1) } });
    expectSame(trace.layers[0].value, expected[1]);
    expectSame((await edited.run(x, { save: "layers.0" })).get("layers.0"), expected[0]);
    const rest = (z: MxArray) =>
      network.head.forward(network.layers[2].forward(network.layers[1].forward(z)));
    expectSame(edited.forward(x), rest(expected[0]));
    expectSame(model.forward(x), network.forward(x));
    expect(model.edits).toEqual([]);
  });

  it("reads from its own traces, not from the original's", () => {
    using trace = edited.trace(x);
    expectSame(edited.layers[0].value, trace.layers[0].value);
    expect(() => model.layers).toThrow(/only inside a trace/);
  });

  it("can be edited again, and refuses unknown sites at once", () => {
    const twice = edited.edit({ "layers.0": double });
    using trace = twice.trace(x);
    expectSame(trace.layers[0].value, double(double(network.layers[0].forward(x))));
    expect(() => model.edit({ ["layer.0" as string]: double })).toThrow(/matches no site/);
  });
});
