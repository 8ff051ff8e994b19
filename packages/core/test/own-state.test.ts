/** What a forward writes to its module lands on the module itself, as it does without a trace. */
import { type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { contents } from "./support/compare.js";
import { Add } from "./support/networks.js";

const x = mx.zeros([1]);

/** Runs a fresh module three times, traced and untraced, and returns both afterwards. */
function both<M extends Module>(create: () => M): { plain: M; traced: M } {
  const [plain, traced] = [create(), create()];
  const model = new InterpretableModel(traced);
  for (let pass = 0; pass < 3; pass++) {
    plain.forward(x);
    model.trace(x).dispose();
  }
  return { plain, traced };
}

/** Names and kinds of everything a module holds; stand-ins would show as their own kind. */
function outline(module: object): string[] {
  return [...contents(module)].map(([path, value]) => {
    const kind = typeof value === "object" && value ? value.constructor.name : String(value);
    return `${path}: ${kind}`;
  });
}

class Stateful extends nn.Module {
  inner = new Add(1);
  count = 0;
  last: MxArray | undefined;

  override forward(y: MxArray): MxArray {
    this.count += 1;
    this.last = this.inner.forward(y);
    return this.last;
  }
}

describe("a module that writes to itself", () => {
  it("counts its own calls", () => {
    const { plain, traced } = both(() => new Stateful());
    expect([plain.count, traced.count]).toEqual([3, 3]);
    expect(traced.last?.item()).toBe(1);
  });

  it("counts its own calls when it is a leaf, or has setters", () => {
    class Leaf extends nn.Module {
      calls = 0;
      override forward(y: MxArray): MxArray {
        this.calls++;
        return y;
      }
    }
    class WithSetter extends nn.Module {
      inner = new Leaf();
      stored = 0;
      set total(value: number) {
        this.stored = value;
      }
      get total(): number {
        return this.stored;
      }
      override forward(y: MxArray): MxArray {
        this.total += 2;
        return this.inner.forward(y);
      }
    }
    const { traced } = both(() => new WithSetter());
    expect([traced.stored, traced.inner.calls]).toEqual([6, 3]);
  });

  it("writes to a child and to an object beside it", () => {
    class Writer extends nn.Module {
      inner = new Add(1);
      state = { module: new Add(5), steps: 0, seen: [] as number[] };
      override forward(y: MxArray): MxArray {
        this.inner.amount += 1;
        this.state.steps += 1;
        this.state.seen.push(this.inner.amount);
        return this.state.module.forward(this.inner.forward(y));
      }
    }
    const { plain, traced } = both(() => new Writer());
    expect(traced.inner.amount).toBe(4);
    expect([traced.state.steps, traced.state.seen]).toEqual([3, [2, 3, 4]]);
    expect(outline(traced)).toEqual(outline(plain));
  });

  it("stores one of its own children, or a list of them, without a trace of the stand-ins", () => {
    class Choosing extends nn.Module {
      layers = [new Add(1), new Add(2)];
      chosen: Add | undefined;
      order: Add[] = [];
      byName: Record<string, Add> = {};
      override forward(y: MxArray): MxArray {
        this.chosen = this.layers[1];
        this.order = [...this.layers].reverse();
        this.byName = { first: this.layers[0] };
        return this.order.reduce((value, layer) => layer.forward(value), y);
      }
    }
    const { plain, traced } = both(() => new Choosing());
    expect(outline(traced)).toEqual(outline(plain));
    expect(traced.chosen).toBe(traced.layers[1]);
    expect(traced.order).toEqual([traced.layers[1], traced.layers[0]]);
  });

  it("adds to a list of modules, and takes away from it", () => {
    class Growing extends nn.Module {
      layers = [new Add(1)];
      override forward(y: MxArray): MxArray {
        const value = this.layers.reduce((sum, layer) => layer.forward(sum), y);
        this.layers.push(new Add(10));
        if (this.layers.length > 2) this.layers.shift();
        return value;
      }
    }
    const { plain, traced } = both(() => new Growing());
    expect(traced.layers.map(({ amount }) => amount)).toEqual([10, 10]);
    expect(outline(traced)).toEqual(outline(plain));
  });

  it("makes a child at its first call", () => {
    class Lazy extends nn.Module {
      inner: Add | undefined;
      override forward(y: MxArray): MxArray {
        this.inner ??= new Add(7);
        return this.inner.forward(y);
      }
    }
    const model = new InterpretableModel(new Lazy());
    model.trace(x).dispose();
    using trace = model.trace(x);
    expect(trace.at("inner").value.item()).toBe(7);
  });

  it("deletes a property", () => {
    class Deleting extends nn.Module {
      inner = new Add(1);
      temporary?: number = 3;
      override forward(y: MxArray): MxArray {
        delete this.temporary;
        return this.inner.forward(y);
      }
    }
    const { traced } = both(() => new Deleting());
    expect("temporary" in traced).toBe(false);
  });
});
