/** Classes whose code cannot run on a stand-in: private fields, functions bound to the module. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { expectSame, expectUntouched } from "./support/compare.js";
import { Add, Chain } from "./support/networks.js";

const x = mx.zeros([1]);

/** Private fields, a private method, a list of children and a single one. */
class Secretive extends nn.Module {
  readonly #factor = 2;
  inner = new Add(1);
  list = [new Add(10), new Chain(100)];

  override forward(y: MxArray): MxArray {
    return this.list.reduce((value, part) => part.forward(value), this.#scaled(y));
  }

  helper(y: MxArray): MxArray {
    return this.#scaled(y);
  }

  get doubled(): (y: MxArray) => MxArray {
    return (y) => this.#scaled(y);
  }

  #scaled(y: MxArray): MxArray {
    return mx.multiply(this.inner.forward(y), this.#factor);
  }
}

class Parent extends nn.Module {
  child = new Secretive();
  override forward(y: MxArray): MxArray {
    return this.child.forward(this.child.helper(y));
  }
}

describe("a module with private members and children", () => {
  it("is observed, and the trace says how", () => {
    using trace = new InterpretableModel(new Secretive()).trace(x);
    expect(trace.inner.value.item()).toBe(1);
    expect(trace.at("list.0").value.item()).toBe(12);
    expect(trace.at("list.1.parts.0").value.item()).toBe(112);
    expect(trace.notes).toHaveLength(1);
    expect(trace.notes[0]).toMatch(/private members .* put back/);
  });

  it("can be changed inside", () => {
    const interventions = { inner: (y: MxArray) => mx.add(y, 4) };
    using trace = new InterpretableModel(new Secretive()).trace(x, { interventions });
    expect(trace.output.value.item()).toBe(120);
  });

  it("may be called by other methods than its forward", () => {
    const network = new Parent();
    using trace = new InterpretableModel(network).trace(x);
    expectSame(trace.output.value, network.forward(x));
    expect(trace.at("child.inner#0").value.item()).toBe(1);
    expect(trace.at("child.inner#1").value.item()).toBe(3);
  });

  it("has its children back after every kind of ending", async () => {
    const network = new Parent();
    const model = new InterpretableModel(network);
    await expectUntouched(network, () => model.trace(x).dispose());
    const fail = () => {
      throw new Error("stop");
    };
    await expectUntouched(network, () => {
      expect(() => model.trace(x, { interventions: { "child.list.0": fail } })).toThrow("stop");
    });
    await expectUntouched(network, () => {
      const nested = (y: MxArray) => {
        using inner = model.trace(x);
        return mx.add(y, inner.output.value);
      };
      using trace = model.trace(x, { interventions: { "child.inner#0": nested } });
      expect(trace.output.value.item()).toBe(2 * (2 * (1 + 116) + 1) + 110);
    });
  });

  it("keeps a child that its own forward exchanges", () => {
    class Growing extends nn.Module {
      readonly #step = 1;
      inner = new Add(1);
      override forward(y: MxArray): MxArray {
        const value = this.inner.forward(y);
        this.inner = new Add(this.inner.amount + this.#step);
        return value;
      }
    }
    const network = new Growing();
    const model = new InterpretableModel(network);
    const amounts = [0, 1, 2].map(() => {
      using trace = model.trace(x);
      return trace.inner.value.item();
    });
    expect(amounts).toEqual([1, 2, 3]);
    expect(network.inner).toBeInstanceOf(Add);
    expect(network.inner.amount).toBe(4);
  });
});
