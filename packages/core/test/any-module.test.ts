/** Any tree of modules can be traced: lists, nested lists, objects, sharing, and modules of other people's classes. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { expectSame } from "./support/compare.js";
import { Add, Chain, numbers } from "./support/networks.js";

const x = mx.zeros([1, 2]);
const first = (array: MxArray) => array.index(0, 0).item();

describe("containers of modules", () => {
  it("finds the members of nn.Sequential, and passes its plain functions by", () => {
    const network = new nn.Sequential(new Add(1), mx.negative as never, new Add(5));
    using trace = new InterpretableModel(network).trace(x);
    expect(first(trace.at("layers.0").value)).toBe(1);
    expect(first(trace.at("layers.2").value)).toBe(4);
    expectSame(trace.output.value, network.forward(x));
  });

  it("lesson: nested lists of modules were never seen", () => {
    class Grid extends nn.Module {
      rows = [[new Add(1), new Add(2)], [new Add(3)]];
      override forward(y: MxArray): MxArray {
        return this.rows.flat().reduce((value, module) => module.forward(value), y);
      }
    }
    const model = new InterpretableModel(new Grid());
    expect(model.sites().map(({ site }) => site)).toEqual(["rows.0.0", "rows.0.1", "rows.1.0"]);
    using trace = model.trace(x, { interventions: { "rows.0.1": (y) => mx.multiply(y, 10) } });
    expect(first(trace.rows[1][0].value)).toBe(33);
  });

  it("finds modules in plain objects, and in lists inside them", () => {
    class Routed extends nn.Module {
      experts = { left: new Add(1), right: [new Add(2), new Add(3)] };
      override forward(y: MxArray): MxArray {
        const { left, right } = this.experts;
        return right[1].forward(left.forward(y));
      }
    }
    using trace = new InterpretableModel(new Routed()).trace(x);
    expect(first(trace.experts.left.value)).toBe(1);
    expect(first(trace.experts.right[-1].value)).toBe(4);
    expect(() => trace.experts.right[0].value).toThrow(/was not called/);
  });

  it("walks through a list in every way that forwards do", () => {
    class Walker extends nn.Module {
      parts = [new Add(1), new Add(10), new Add(100)];
      override forward(y: MxArray): MxArray {
        let value = y;
        for (const part of this.parts) value = part.forward(value);
        this.parts.forEach((part) => {
          value = part.forward(value);
        });
        for (let index = 0; index < this.parts.length; index++) {
          value = this.parts[index].forward(value);
        }
        const [head, ...tail] = this.parts;
        return tail.at(-1)!.forward(head.forward(value));
      }
    }
    using trace = new InterpretableModel(new Walker()).trace(x);
    expect(first(trace.output.value)).toBe(434);
    expect(Object.keys(trace.saveAll("**"))).toEqual([
      ...[0, 1, 2, 3].map((call) => `parts.0#${call}`),
      ...[0, 1, 2].map((call) => `parts.1#${call}`),
      ...[0, 1, 2, 3].map((call) => `parts.2#${call}`),
    ]);
  });
});

describe("sharing", () => {
  class Shared extends nn.Module {
    first: Chain;
    second: Chain;
    constructor() {
      super();
      this.first = new Chain(1, 2);
      this.second = new Chain(4);
      this.second.parts.push(this.first.parts[0]);
    }
    override forward(y: MxArray): MxArray {
      return this.second.forward(this.first.forward(y));
    }
  }

  it("keeps both names of a module that two parents share", () => {
    using trace = new InterpretableModel(new Shared()).trace(x);
    expect(first(trace.at("first.parts.0").value)).toBe(1);
    expect(first(trace.at("second.parts.1").value)).toBe(8);
  });

  it("changes a shared module under one name only", () => {
    const interventions = { "second.parts.1": (y: MxArray) => mx.zerosLike(y) };
    using trace = new InterpretableModel(new Shared()).trace(x, { interventions });
    expect(first(trace.at("first.parts.0").value)).toBe(1);
    expect(first(trace.output.value)).toBe(0);
  });

  it("reads a module that contains itself once", () => {
    const chain = new Chain(1) as Chain & { self?: Chain };
    chain.self = chain;
    expect(new InterpretableModel(chain).sites().map(({ site }) => site)).toEqual(["parts.0"]);
  });

  it("is not confused by data that contains itself", () => {
    const data: Record<string, unknown> = { size: 3 };
    data.data = data;
    const chain = Object.assign(new Chain(1), { data });
    using trace = new InterpretableModel(chain).trace(x);
    expect(first(trace.output.value)).toBe(1);
  });
});

describe("classes", () => {
  it("traces a class written in plain JavaScript", () => {
    const Plain = new Function(
      "Module",
      "Add",
      `return class extends Module {
        constructor() { super(); this.inner = new Add(2); this.label = "plain"; }
        forward(x) { return this.label === "plain" ? this.inner.forward(x) : x; }
      };`,
    )(nn.Module, Add) as new () => InstanceType<typeof nn.Module>;
    using trace = new InterpretableModel(new Plain()).trace(x);
    expect(first(trace.at("inner").value)).toBe(2);
  });

  it("hands a forward all its arguments", () => {
    class Mixed extends nn.Module {
      inner: Linear = new nn.Linear(2, 2);
      override forward(y: MxArray, factor: number, options: { bias: MxArray }): MxArray {
        return mx.add(mx.multiply(this.inner.forward(y), factor), options.bias);
      }
    }
    const network = new Mixed();
    const args = [3, { bias: mx.ones([2]) }] as const;
    const model = new InterpretableModel(network);
    using trace = model.trace(numbers(1, 2), { args });
    expectSame(trace.output.value, network.forward(numbers(1, 2), ...args));
    expectSame(trace.at("input.1").value, mx.ones([2]));
    expectSame(model.forward(numbers(1, 2), ...args), network.forward(numbers(1, 2), ...args));
  });

  it("refuses what is no module", () => {
    expect(() => new InterpretableModel({ forward: () => x } as never)).toThrow(/nn.Module/);
  });
});
