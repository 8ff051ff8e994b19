/** Taps: points in a forward that can be read and changed, and values offered beside its way. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { expectSame } from "../../test/support/compare.js";
import { InterpretableModel } from "../model/model.js";
import { Tap } from "./tap.js";

const _ids = [[1, 2, 3, 4]];
const x = mx.ones([1, 2, 3]);

/** Counts which way its forward went, and how often the value beside the fast way was built. */
class TwoWays extends nn.Module {
  pattern = new Tap(["batch", "position", "hidden"]);
  slow = 0;
  fast = 0;
  built = 0;

  override forward(y: MxArray): MxArray {
    const weights = mx.add(y, 1);
    if (this.pattern.changed) {
      this.slow++;
      return mx.multiply(this.pattern.forward(weights), 10);
    }
    this.fast++;
    this.pattern.derive(() => {
      this.built++;
      return weights;
    });
    return mx.multiply(weights, 10);
  }
}

describe("a tap outside a trace", () => {
  it("is the identity", () => {
    const tap = new Tap(["batch", "position"]);
    expect(tap.forward(x)).toBe(x);
    expect(tap.changed).toBe(false);
    expect(() => tap.derive(() => x)).not.toThrow();
    expect(Object.keys(tap.parameters())).toEqual([]);
  });
});

describe("a derived value", () => {
  it("is built when it is read, once, and never changes the way of the computation", () => {
    const network = new TwoWays();
    using trace = new InterpretableModel(network).trace(x);
    expect([network.fast, network.slow, network.built]).toEqual([1, 0, 0]);
    expectSame(trace.pattern.value, mx.full(x.shape, 2));
    expectSame(trace.pattern.input.value, mx.full(x.shape, 2));
    expectSame(trace.at("pattern").save(), mx.full(x.shape, 2));
    expect([network.fast, network.slow, network.built]).toEqual([1, 0, 1]);
  });

  it("can be kept by a run, by its output or its input", async () => {
    const network = new TwoWays();
    const cache = await new InterpretableModel(network).run(x, {
      save: ["pattern", "pattern.input"],
    });
    expectSame(cache.get("pattern"), mx.full(x.shape, 2));
    expectSame(cache.get("pattern.input"), mx.full(x.shape, 2));
    expect([network.fast, network.slow]).toEqual([1, 0]);
  });

  it("is not built when nobody asks for it", async () => {
    const network = new TwoWays();
    const model = new InterpretableModel(network);
    await model.run(x);
    model.trace(x).dispose();
    expect(network.built).toBe(0);
  });

  it.each(["pattern", "pattern.input", "pattern#0", "**", "{pattern,pattern}"])(
    "goes the changing way when there is an intervention at %s",
    (selector) => {
      const network = new TwoWays();
      const model = new InterpretableModel(network);
      using trace = model.trace(x, { interventions: { [selector]: (y) => mx.add(y, 1) } });
      expect([network.fast, network.slow]).toEqual([0, 1]);
      expectSame(trace.pattern.value, mx.full(x.shape, 3));
      expectSame(trace.output.value, mx.full(x.shape, 30));
    },
  );

  it("keeps every call of a module that is called twice", () => {
    class Twice extends nn.Module {
      inner = new TwoWays();
      override forward(y: MxArray): MxArray {
        return this.inner.forward(this.inner.forward(y));
      }
    }
    using trace = new InterpretableModel(new Twice()).trace(x);
    expectSame(trace.inner.pattern.call(0).value, mx.full(x.shape, 2));
    expectSame(trace.inner.pattern.call(1).value, mx.full(x.shape, 21));
  });

  it("counts among the calls of its tap", () => {
    class Mixed extends nn.Module {
      tap = new Tap(["batch", "position", "hidden"]);
      override forward(y: MxArray): MxArray {
        this.tap.derive(() => mx.negative(y));
        return this.tap.forward(y);
      }
    }
    const model = new InterpretableModel(new Mixed());
    using trace = model.trace(x, { interventions: { "tap#1": (y) => mx.multiply(y, 3) } });
    expectSame(trace.tap.call(0).value, mx.negative(x));
    expectSame(trace.tap.call(1).value, mx.full(x.shape, 3));
  });

  it("is read by nested passes each for itself", () => {
    const model = new InterpretableModel(new TwoWays());
    using outer = model.trace(x);
    using inner = model.trace(mx.multiply(x, 5));
    expectSame(inner.pattern.value, mx.full(x.shape, 6));
    expectSame(outer.pattern.value, mx.full(x.shape, 2));
    const read = (y: MxArray) => {
      using trace = model.trace(x);
      return mx.add(y, trace.pattern.value);
    };
    using around = model.trace(x, { interventions: { input: read } });
    expectSame(around.pattern.value, mx.full(x.shape, 4));
  });

  it("may call modules without disturbing an open pass", () => {
    class Calling extends nn.Module {
      inner = new nn.Identity();
      tap = new Tap(["batch", "position", "hidden"]);
      override forward(y: MxArray): MxArray {
        this.tap.derive(() => this.inner.forward(mx.add(y, 5)));
        return this.inner.forward(y);
      }
    }
    const model = new InterpretableModel(new Calling());
    using outer = model.trace(x);
    const read = (y: MxArray) => {
      expectSame(outer.tap.value, mx.full(x.shape, 6));
      return y;
    };
    using trace = model.trace(x, { interventions: { input: read } });
    expectSame(trace.inner.value, x);
    expectSame(trace.tap.value, mx.full(x.shape, 6));
  });
});
