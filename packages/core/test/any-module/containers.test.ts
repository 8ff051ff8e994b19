/** Whatever modules are kept in: maps, sets, mixed and frozen containers, and places that are filled later. */
import { type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../../src/model/model.js";
import { expectSame } from "../support/compare.js";
import { heldArrays } from "../support/handles.js";
import { Add, Chain } from "../support/networks.js";
import { expectUnmarked } from "../support/unmarked.js";

const x = mx.zeros([2]);
const first = (array: MxArray): number => toFlat(array)[0];
const name = (site: string): string => site; // one that the network's type does not tell
const double = (y: MxArray) => mx.multiply(y, 2);

class Collections extends nn.Module {
  byName = new Map<string | number, Add>([
    ["small", new Add(1)],
    [7, new Add(7)],
  ]);
  all = new Set([new Add(20), new Add(30)]);
  inside = { lists: [new Map([["deep", new Add(100)]])] };

  override forward(y: MxArray): MxArray {
    let value = this.byName.get("small")!.forward(y);
    for (const part of this.all) value = part.forward(value);
    for (const [, part] of this.inside.lists[0]) value = part.forward(value);
    return this.byName.get(7)!.forward(value);
  }
}

describe("maps and sets", () => {
  const sites = ["byName.small", "byName.7", "all.0", "all.1", "inside.lists.0.deep"];

  it("are walked into: maps by key, sets in order", async () => {
    const network = new Collections();
    const model = new InterpretableModel(network);
    expect(model.sites().map(({ site }) => site)).toEqual(sites);
    await expectUnmarked(network, () => {
      using trace = model.trace(x);
      const values = sites.map((site) => first(trace.value(name(site))));
      expect(values).toEqual([1, 158, 21, 51, 151]);
      expectSame(trace.output.value, network.forward(x));
    });
    const interventions = { [name("all.*")]: double };
    const cache = await model.run(x, { interventions });
    expect(first(cache.get("output"))).toBe(((1 + 20) * 2 + 30) * 2 + 107);
  });

  it("are followed when the user exchanges a member", () => {
    const network = new Collections();
    const model = new InterpretableModel(network);
    model.trace(x).dispose();
    network.byName.set("small", new Add(2));
    network.all.add(new Add(40));
    using trace = model.trace(x);
    expect(first(trace.value(name("byName.small")))).toBe(2);
    expect(first(trace.value(name("all.2")))).toBe(92);
  });

  it("answer to modules as keys, which a forward knows by their stand-ins", () => {
    class Scaled extends nn.Module {
      part = new Add(1);
      scales = new Map([[this.part, 4]]);
      seen = new WeakSet<object>([this.part]);
      override forward(y: MxArray): MxArray {
        const known = this.seen.has(this.part) && [...this.scales.keys()][0] === this.part;
        return mx.multiply(this.part.forward(y), known ? this.scales.get(this.part)! : 0);
      }
    }
    const network = new Scaled();
    using trace = new InterpretableModel(network).trace(x);
    expectSame(trace.output.value, network.forward(x));
    expect(first(trace.part.value)).toBe(1);
  });

  it("are written to by a forward as without a trace", () => {
    class Remembering extends nn.Module {
      layers = [new Add(1), new Add(2)];
      chosen = new Map<string, Add>([["first", this.layers[0]]]);
      calls = new Map<Add, number>();
      order = new Set<Add>();
      list: Add[] = [];
      object: Record<string, Add> = {};
      override forward(y: MxArray): MxArray {
        for (const layer of this.layers) this.calls.set(layer, (this.calls.get(layer) ?? 0) + 1);
        this.chosen.set("last", this.layers[1]).delete("first");
        this.order = new Set(this.layers);
        this.list.push(this.layers[1]);
        this.object.kept = this.layers[0];
        return this.chosen.get("last")!.forward(y);
      }
    }
    const network = new Remembering();
    const model = new InterpretableModel(network);
    model.trace(x).dispose();
    model.trace(x).dispose();
    const [one, two] = network.layers;
    expect(network.calls.get(one)).toBe(2);
    expect([...network.chosen]).toEqual([["last", two]]);
    expect([...network.chosen][0][1] === two && [...network.order][0] === one).toBe(true);
    expect(network.list.map((layer) => layer === two)).toEqual([true, true]);
    expect(network.object.kept === one).toBe(true);
  });
});

describe("containers that are frozen", () => {
  it.each(["before the first pass", "after it"])("%s are shown all the same", async (when) => {
    class Holder extends nn.Module {
      chain = new Chain(1, 2);
      named = { last: new Add(4) };
      override forward(y: MxArray): MxArray {
        return this.named.last.forward(this.chain.forward(y));
      }
    }
    const network = new Holder();
    const freeze = () => {
      for (const part of [network, network.chain, network.chain.parts, network.named]) {
        Object.freeze(part);
      }
    };
    const model = new InterpretableModel(network);
    if (when === "after it") model.trace(x).dispose();
    freeze();
    await expectUnmarked(network, () => {
      using trace = model.trace(x, { interventions: { "chain.parts.0": double } });
      expect(first(trace.chain.parts[1].value)).toBe(4);
      expect(first(trace.named.last.value)).toBe(8);
    });
  });
});

describe("containers that hold other things too", () => {
  it("show the forward a number that the user has changed since the last pass", () => {
    class Weighted extends nn.Module {
      pairs: [Add, number][] = [
        [new Add(1), 2],
        [new Add(1), 3],
      ];
      override forward(y: MxArray): MxArray {
        return this.pairs.reduce((z, [part, factor]) => mx.multiply(part.forward(z), factor), y);
      }
    }
    const network = new Weighted();
    const model = new InterpretableModel(network);
    model.trace(x).dispose();
    network.pairs[0][1] = 5;
    using trace = model.trace(x);
    expect(first(trace.output.value)).toBe(18);
    expectSame(trace.output.value, network.forward(x));
  });

  it("are seen when their empty places are filled", async () => {
    class Optional extends nn.Module {
      parts: (Add | null)[] = [null, null];
      named: Record<string, Add | undefined> = { late: undefined };
      override forward(y: MxArray): MxArray {
        const all = [...this.parts, this.named.late];
        return all.reduce((z: MxArray, part) => part?.forward(z) ?? z, y);
      }
    }
    const network = new Optional();
    const model = new InterpretableModel(network);
    await model.run(x);
    network.parts[1] = new Add(1);
    network.named.late = new Add(2);
    const cache = await model.run(x, { save: "**" });
    expect(cache.keys()).toEqual(["parts.1", "named.late"]);
    expect(first(cache.get(name("named.late")))).toBe(3);
  });

  it("are seen when a module takes the place of a number", () => {
    class Slots extends nn.Module {
      slots: (Add | number)[] = [0, 0];
      override forward(y: MxArray): MxArray {
        return this.slots.reduce((z: MxArray, slot) => {
          return typeof slot === "number" ? mx.add(z, slot) : slot.forward(z);
        }, y);
      }
    }
    const network = new Slots();
    const model = new InterpretableModel(network);
    model.trace(x).dispose();
    network.slots[0] = new Add(1);
    using trace = model.trace(x, { interventions: { "slots.0": double } });
    expect(first(trace.output.value)).toBe(2);
  });
});

it("a list that a forward fills with activations is MLX's to read", () => {
  class Collecting extends nn.Module {
    part = new Add(1);
    states: MxArray[] = [];
    override forward(y: MxArray): MxArray {
      this.states.length = 0;
      this.states.push(this.part.forward(y), y);
      return mx.stack(this.states);
    }
  }
  const network = new Collecting();
  using trace = new InterpretableModel(network).trace(x);
  expectSame(
    trace.output.value,
    mx.array([
      [1, 1],
      [0, 0],
    ]),
  );
  expectSame(trace.output.value, network.forward(x));
});

it("an object beside modules keeps an activation only as long as the user's own does", async () => {
  class Stateful extends nn.Module {
    state: { part: Add; last?: MxArray } = { part: new Add(1) };
    override forward(y: MxArray): MxArray {
      this.state.last = this.state.part.forward(y);
      return mx.multiply(this.state.last, 2);
    }
  }
  const network = new Stateful();
  const model = new InterpretableModel(network);
  await model.run(x);
  const activation = new WeakRef(network.state.last!);
  delete network.state.last;
  await heldArrays(); // collects
  expect(activation.deref()).toBeUndefined();
});
