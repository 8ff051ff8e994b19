/** Functions that hold on to their module are observed all the same. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Add } from "./support/networks.js";

const x = mx.zeros([1]);

describe("functions that hold on to their module", () => {
  it("sees the children that an arrow function calls", () => {
    class Arrow extends nn.Module {
      inner = new Add(3);
      helper = (y: MxArray) => this.inner.forward(y);
      override forward(y: MxArray): MxArray {
        return this.helper(y);
      }
    }
    using trace = new InterpretableModel(new Arrow()).trace(x);
    expect(trace.inner.value.item()).toBe(3);
    expect(trace.notes).toHaveLength(1);
  });

  it("sees the children that a bound method and an own forward call", () => {
    class Bound extends nn.Module {
      inner = new Add(3);
      constructor() {
        super();
        this.helper = this.helper.bind(this);
        Object.assign(this, { forward: (y: MxArray) => this.helper(y) });
      }
      helper(y: MxArray): MxArray {
        return this.inner.forward(y);
      }
    }
    using trace = new InterpretableModel(new Bound()).trace(x);
    expect(trace.inner.value.item()).toBe(3);
  });

  it("sees the children of a class that hides its state in a WeakMap", () => {
    const factors = new WeakMap<object, number>();
    class Hidden extends nn.Module {
      inner = new Add(3);
      constructor() {
        super();
        factors.set(this, 5);
      }
      override forward(y: MxArray): MxArray {
        return mx.multiply(this.inner.forward(y), factors.get(this)!);
      }
    }
    using trace = new InterpretableModel(new Hidden()).trace(x);
    expect(trace.output.value.item()).toBe(15);
    expect(trace.inner.value.item()).toBe(3);
  });

  it("leaves functions alone that only compute", () => {
    class Plain extends nn.Module {
      inner = new Add(3);
      activation = nn.relu;
      override forward(y: MxArray): MxArray {
        return this.activation(this.inner.forward(y));
      }
    }
    using trace = new InterpretableModel(new Plain()).trace(x);
    expect(trace.inner.value.item()).toBe(3);
    expect(trace.notes).toEqual([]);
  });
});
