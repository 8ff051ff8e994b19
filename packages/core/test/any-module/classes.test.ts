/** Classes as people write them: private and static members, accessors, bound functions, recursion, and promises. */
import { type Linear, type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { AsyncForwardError } from "../../src/errors.js";
import { InterpretableModel } from "../../src/model/model.js";
import { openCount } from "../../src/trace/open-traces.js";
import { expectSame } from "../support/compare.js";
import { Add } from "../support/networks.js";
import { expectUnmarked } from "../support/unmarked.js";

const x = mx.zeros([2]);
const first = (array: MxArray): number => toFlat(array)[0];
const double = (y: MxArray) => mx.multiply(y, 2);
const name = (site: string): string => site; // one that the network's type does not tell

afterEach(() => {
  expect(openCount()).toBe(0);
});

describe("private members", () => {
  class Secret extends nn.Module {
    static #count = 0;
    static factor: number;
    static {
      Secret.factor = 3;
    }
    #hidden = new Add(10);
    readonly #scale: number;
    inner = new Add(1);
    constructor() {
      super();
      this.#scale = 2;
    }
    override forward(y: MxArray): MxArray {
      Secret.#count += 1;
      const value = this.#hidden.forward(this.inner.forward(y));
      return mx.multiply(value, this.#scale * Secret.factor);
    }
  }

  it("run, children beside them are sites, and children in them are told to be none", async () => {
    const network = new Secret();
    const model = new InterpretableModel(network);
    await expectUnmarked(network, () => {
      using trace = model.trace(x, { interventions: { inner: double } });
      expect(first(trace.inner.value)).toBe(2);
      expect(first(trace.output.value)).toBe(72);
      expect(() => trace.at(name("hidden"))).toThrow(/matches no site/);
    });
    expect(model.sites().map(({ site }) => site)).toEqual(["inner"]);
  });

  it("of a frozen module leave its children unseen, and the trace says so", async () => {
    const network = Object.freeze(new Secret());
    const model = new InterpretableModel(network);
    await expectUnmarked(network, () => {
      using trace = model.trace(x);
      expect(first(trace.output.value)).toBe(66);
      expect(trace.notes).toEqual([expect.stringMatching(/frozen, so its own calls of inner/)]);
      expect(() => trace.inner.value).toThrow(/was not called/);
      expect(() => model.trace(x, { interventions: { inner: double } })).toThrow(/had no effect/);
    });
  });

  it("go together with children behind own accessors, which stay accessors", async () => {
    class Accessors extends nn.Module {
      readonly #parts = [new Add(1), new Add(5)];
      chosen = 0;
      constructor() {
        super();
        const get = () => this.#parts[this.chosen];
        Object.defineProperty(this, "part", { get, enumerable: true, configurable: true });
      }
      override forward(y: MxArray): MxArray {
        return mx.add((this as unknown as { part: Add }).part.forward(y), this.#parts.length);
      }
    }
    const network = new Accessors();
    const model = new InterpretableModel(network);
    await expectUnmarked(network, () => {
      using trace = model.trace(x, { interventions: { [name("part")]: double } });
      expect(first(trace.value(name("part")))).toBe(2);
      expect(first(trace.output.value)).toBe(4);
    });
    network.chosen = 1;
    using trace = model.trace(x);
    expect(first(trace.value(name("part")))).toBe(5);
  });
});

describe("calls", () => {
  it("of super.forward are one call of the subclass", () => {
    class Base extends nn.Module {
      inner = new Add(1);
      override forward(y: MxArray): MxArray {
        return this.inner.forward(y);
      }
    }
    class Derived extends Base {
      outer = new Add(10);
      override forward(y: MxArray): MxArray {
        return this.outer.forward(super.forward(y));
      }
    }
    class Root extends nn.Module {
      part = new Derived();
      override forward(y: MxArray): MxArray {
        return this.part.forward(y);
      }
    }
    using trace = new InterpretableModel(new Root()).trace(x, { interventions: { part: double } });
    expect(Object.keys(trace.saveAll("**"))).toEqual(["part", "part.inner", "part.outer"]);
    expect(first(trace.part.value)).toBe(22);
  });

  it("of a module by itself are counted from the outermost", () => {
    class Recursive extends nn.Module {
      step = new Add(1);
      override forward(y: MxArray, depth = 3): MxArray {
        const value = this.step.forward(y);
        return depth === 1 ? value : mx.multiply(this.forward(value, depth - 1), 2);
      }
    }
    class Root extends nn.Module {
      again = new Recursive();
      override forward(y: MxArray): MxArray {
        return this.again.forward(y);
      }
    }
    const network = new Root();
    using trace = new InterpretableModel(network).trace(x);
    const calls = [0, 1, 2].map((call) => first(trace.again.call(call).value));
    expect(calls).toEqual([12, 6, 3]);
    expect([0, 1, 2].map((call) => first(trace.again.step.call(call).value))).toEqual([1, 2, 3]);
    expectSame(trace.output.value, network.forward(x));
  });

  it("of modules made in the forward are computed, and those of what they hold are seen", () => {
    class Wrapper extends nn.Module {
      constructor(readonly inner: Add) {
        super();
      }
      override forward(y: MxArray): MxArray {
        return mx.multiply(this.inner.forward(y), 3);
      }
    }
    class Making extends nn.Module {
      part = new Add(2);
      override forward(y: MxArray): MxArray {
        return new Wrapper(this.part).forward(new Add(1).forward(y));
      }
    }
    const network = new Making();
    using trace = new InterpretableModel(network).trace(x, { interventions: { part: double } });
    expect(first(trace.part.value)).toBe(6);
    expect(first(trace.output.value)).toBe(18);
  });

  it("inside a derivative that the forward takes are seen", () => {
    class Energy extends nn.Module {
      layer: Linear = new nn.Linear(2, 2);
      override forward(y: MxArray): MxArray {
        return mx.grad((z: MxArray) => mx.sum(mx.square(this.layer.forward(z))))(y);
      }
    }
    const network = new Energy();
    const input = mx.array([[1, 2]]);
    using trace = new InterpretableModel(network).trace(input);
    expectSame(trace.output.value, network.forward(input));
    expectSame(trace.layer.value, network.layer.forward(input));
  });

  it("of modules in objects of other classes are computed, but not seen, and nobody is told otherwise", () => {
    class Helper {
      readonly part = new Add(1);
      apply(y: MxArray): MxArray {
        return this.part.forward(y);
      }
    }
    class Helped extends nn.Module {
      helper = new Helper();
      inner = new Add(2);
      override forward(y: MxArray): MxArray {
        return this.helper.apply(this.inner.forward(y));
      }
    }
    const model = new InterpretableModel(new Helped());
    expect(model.sites().map(({ site }) => site)).toEqual(["inner"]);
    using trace = model.trace(x);
    expect(first(trace.output.value)).toBe(3);
    expect(() => trace.at(name("helper.part"))).toThrow(/matches no site/);
    const interventions = { [name("helper.part")]: double };
    expect(() => model.trace(x, { interventions })).toThrow(/matches no site/);
  });

  it("of a function that gives back what it was given see the module's own class", () => {
    class Fluent extends nn.Module {
      parts = [new Add(1), new Add(2)];
      each(use: (part: Add) => void): this {
        for (const part of this.parts) use(part);
        return this;
      }
      override forward(y: MxArray): MxArray {
        let value = y;
        const same = this.each((part) => {
          value = part.forward(value);
        });
        return same === this ? value : y;
      }
    }
    using trace = new InterpretableModel(new Fluent()).trace(x);
    expect(first(trace.output.value)).toBe(3);
    expect(first(trace.parts[1].value)).toBe(3);
  });
});

describe("a forward that returns a Promise", () => {
  class Awaiting extends nn.Module {
    inner: Linear = new nn.Linear(2, 2);
    override async forward(y: MxArray): Promise<MxArray> {
      await Promise.resolve();
      return this.inner.forward(y);
    }
  }
  class Parent extends nn.Module {
    child = new Awaiting();
    override async forward(y: MxArray): Promise<MxArray> {
      return mx.add(await this.child.forward(y), 1);
    }
  }

  it("is refused by every kind of pass, with the name of the module", async () => {
    const model = new InterpretableModel(new Awaiting());
    expect(() => model.trace(x)).toThrow(AsyncForwardError);
    expect(() => model.forward(x)).toThrow(/The forward of the model returned a Promise/);
    await expect(model.run(x)).rejects.toThrow(AsyncForwardError);
    const parent = new Parent();
    await expectUnmarked(parent, async () => {
      expect(() => new InterpretableModel(parent).trace(x)).toThrow(AsyncForwardError);
      await new Promise(setImmediate);
    });
  });

  it("ends no process when it fails later", async () => {
    class Failing extends nn.Module {
      override async forward(): Promise<MxArray> {
        await Promise.resolve();
        throw new Error("too late");
      }
    }
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    expect(() => new InterpretableModel(new Failing()).trace(x)).toThrow(AsyncForwardError);
    await new Promise(setImmediate);
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});
