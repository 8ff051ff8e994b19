/** Other modules in the place of the network's own. */
import { type Linear, type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel } from "../../test/support/causal-model.js";
import { expectClose, expectSame, expectUntouched } from "../../test/support/compare.js";
import { anySite, Counting, Dictionary, LowRank } from "../../test/support/dictionary.js";
import { Add, Block, Chain, numbers, Stack } from "../../test/support/networks.js";
import { InvalidEditError, SiteNotReachedError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import { replaceModule } from "./replace-module.js";
import { splice } from "./splice.js";

const x = numbers(2, 3, 4);
const zero = mx.zeros([1]);
const network = new Stack();
const model = new InterpretableModel(network);
const [first, , last] = network.layers;

describe("a replaced module", () => {
  const block = new Block(4);
  const view = model.edit({ "layers.1": replaceModule(block) });

  it("runs in the place of the other, for this view only", async () => {
    const expected = network.head.forward(last.forward(block.forward(first.forward(x))));
    await expectUntouched(network, () => expectSame(view.forward(x), expected));
    await expectUntouched(block, () => view.trace(x).dispose());
    expectSame(model.forward(x), network.forward(x));
  });

  it("has its sites below the path, and can be changed there", () => {
    const other = model.edit({ "layers.1.up": replaceModule(new Counting(first.up)) });
    expect(other.sites("layers.1.**").map(({ site }) => site)).toEqual([
      "layers.1",
      "layers.1.up",
      "layers.1.up.base",
      "layers.1.down",
    ]);
    const middle = first.forward(x);
    using trace = other.trace(x, {
      interventions: { [anySite("layers.1.up.base")]: (y: MxArray) => mx.add(y, 1) },
    });
    expectSame(trace.at(anySite("layers.1.up")).value, mx.add(first.up.forward(middle), 1));
    expectSame(trace.layers[1].up.value, mx.add(first.up.forward(middle), 1));
    expect(() => model.sites(anySite("layers.1.up.base"))).toThrow(/matches no site/);
  });

  it("is the same for all that a pattern matches", () => {
    const counting = new Counting(new Add(10));
    const chain = new InterpretableModel(new Chain(1, 2, 3));
    expect(
      chain
        .edit({ "parts.*": replaceModule(counting) })
        .forward(zero)
        .item(),
    ).toBe(30);
    expect(counting.calls).toBe(3);
    const two = chain.edit({ "parts.{0,-1}": replaceModule(counting) });
    expect(two.forward(zero).item()).toBe(22);
  });

  it("is made from each original by a function, once", () => {
    const made: string[] = [];
    const edit = {
      "parts.*": replaceModule((part, path) => {
        made.push(path);
        return new Counting(part);
      }),
    };
    const chain = new InterpretableModel(new Chain(1, 2));
    const wrapped = chain.edit(edit);
    expect(wrapped.forward(zero).item()).toBe(3);
    expect(
      wrapped
        .edit({ "parts.0": (y) => y })
        .withoutEdit("edit2")
        .forward(zero)
        .item(),
    ).toBe(3);
    chain.edit(edit);
    expect(made).toEqual(["parts.0", "parts.1"]);
  });

  it("differs between views that are used at the same time", async () => {
    const chain = new InterpretableModel(new Chain(1, 2));
    const views = [10, 20].map((n) => chain.edit({ "parts.0": replaceModule(new Add(n)) }));
    using one = views[0].trace(zero);
    using two = views[1].trace(zero);
    expect([one, two].map(({ output }) => output.value.item())).toEqual([12, 22]);
    expect(chain.forward(zero).item()).toBe(3);
  });

  it("can be replaced again, and inside", () => {
    const chain = new InterpretableModel(new Chain(1, 2));
    const outer = chain.edit({ "parts.0": replaceModule(new Counting(new Add(5))) });
    const inner = outer.edit({ [anySite("parts.0.base")]: replaceModule(new Add(7)) });
    expect(inner.forward(zero).item()).toBe(9);
    expect(outer.forward(zero).item()).toBe(7);
    const again = inner.edit({ "parts.0": replaceModule(new Add(100)) });
    expect(again.forward(zero).item()).toBe(102);
    expect(again.sites().map(({ site }) => site)).toEqual(["parts.0", "parts.1"]);
  });

  it("keeps earlier replacements inside a module that the new one wraps", () => {
    const inner = model.edit({ "layers.0.up": replaceModule((up) => new Doubling(up)) });
    const outer = inner.edit({ "layers.0": replaceModule((layer) => new Counting(layer)) });
    expectSame(outer.forward(x), inner.forward(x));
    expect(outer.sites("layers.0.**").map(({ site }) => site)).toContain("layers.0.base.up.base");
    expect(mx.allclose(outer.forward(x), model.forward(x)).item()).toBe(false);
  });

  it("stands only at the named path of a shared module", () => {
    const shared = new Add(1);
    class Sharing extends nn.Module {
      one = shared;
      two = shared;
      override forward(y: MxArray): MxArray {
        return this.two.forward(this.one.forward(y));
      }
    }
    const sharing = new InterpretableModel(new Sharing());
    const edited = sharing.edit({ two: replaceModule(new Add(10)) });
    expect(edited.forward(zero).item()).toBe(11);
    using trace = edited.trace(zero);
    expect([trace.at("one").value.item(), trace.at("two").value.item()]).toEqual([1, 11]);
  });

  it("can have private members, and stand in a module that has", () => {
    class Hidden extends nn.Module {
      inner: Module = new Add(1);
      #factor = 2;
      override forward(y: MxArray): MxArray {
        return mx.multiply(this.inner.forward(y) as MxArray, this.#factor);
      }
    }
    class Outer extends nn.Module {
      part = new Hidden();
      override forward(y: MxArray): MxArray {
        return this.part.forward(y);
      }
    }
    const outer = new Outer();
    const hidden = new InterpretableModel(outer);
    expect(
      hidden
        .edit({ "part.inner": replaceModule(new Add(4)) })
        .forward(zero)
        .item(),
    ).toBe(8);
    const both = hidden.edit({ part: replaceModule(new Hidden()) });
    expect(
      both
        .edit({ "part.inner": replaceModule(new Add(5)) })
        .forward(zero)
        .item(),
    ).toBe(10);
    expect(hidden.forward(zero).item()).toBe(2);
  });

  it("can take a tap's place", () => {
    const language = new InterpretableModel(new CausalModel());
    const half = (name: string) => language.edit({ [name]: replaceModule(new Halving()) });
    const expected = (name: string) =>
      language.edit({ [name]: (y: MxArray) => mx.multiply(y, 0.5) }).forward([[1, 2, 3]]);
    for (const name of ["layers.0.residMid", "layers.1.selfAttn.pattern"]) {
      expectSame(half(name).forward([[1, 2, 3]]), expected(name));
    }
  });

  it("stays when the network's own module is exchanged or moved", () => {
    const chain = new Chain(1, 2);
    const wrapped = new InterpretableModel(chain);
    const edited = wrapped.edit({ "parts.1": replaceModule(new Add(50)) });
    chain.parts[1] = new Add(3);
    expect(edited.forward(zero).item()).toBe(51);
    chain.parts.push(new Add(1000));
    expect(edited.forward(zero).item()).toBe(1051);
    expect(wrapped.forward(zero).item()).toBe(1004);
  });

  it("is never written into the network by the network's own code", () => {
    class Keeping extends nn.Module {
      layers = [new Add(1), new Add(2)];
      chosen: Add | undefined;
      override forward(y: MxArray): MxArray {
        this.chosen = this.layers[0];
        this.layers.reverse();
        return this.layers.reduce((sum, layer) => layer.forward(sum), y);
      }
    }
    const keeping = new Keeping();
    const [one, two] = keeping.layers;
    const edited = new InterpretableModel(keeping).edit({ "layers.0": replaceModule(new Add(9)) });
    edited.trace(zero).dispose();
    expect(keeping.layers).toEqual([two, one]);
    expect(keeping.chosen).toBe(one);
  });
});

describe("an adapter put beside a layer", () => {
  it("computes x Wᵀ + b + x A B", () => {
    let adapter: LowRank | undefined;
    const adapted = model.edit({
      "layers.2.up": replaceModule((up) => {
        adapter = new LowRank(up as Linear);
        return adapter;
      }),
    });
    using trace = adapted.trace(x);
    const { down, up, base } = adapter as LowRank;
    const given = trace.value("layers.2.up.input");
    const update = mx.matmul(mx.matmul(given, down), up);
    const own = mx.add(mx.matmul(given, base.weight.T), base.bias as MxArray);
    expectClose(trace.layers[2].up.value, mx.add(own, update), 1e-6);
    expect(base).toBe(network.layers[2].up);
  });
});

describe("a replacement that cannot be", () => {
  it.each(["output", "input", "layers.0.input", "layers.0#1"])("is refused: %s", (site) => {
    expect(() => model.edit({ [site]: replaceModule(new Add(1)) })).toThrow(InvalidEditError);
    expect(() => model.edit({ [site]: splice(new Dictionary(4)) })).toThrow(InvalidEditError);
  });

  it("is told where its place is gone, or is never reached", () => {
    const chain = new Chain(1, 2);
    const edited = new InterpretableModel(chain).edit({ "parts.1": replaceModule(new Add(5)) });
    chain.parts.pop();
    expect(() => edited.forward(zero)).toThrow(/"parts.1" matches no site.*taken out since/);
    class Skipping extends nn.Module {
      used = new Add(1);
      unused = [new Add(2), new Add(3)];
      override forward(value: MxArray): MxArray {
        return this.used.forward(value);
      }
    }
    const skipping = new InterpretableModel(new Skipping());
    for (const place of ["unused.0", "unused.*", "unused.{0,1}"]) {
      const one = skipping.edit({ [place]: replaceModule(new Add(5)) });
      expect(() => one.forward(zero)).toThrow(/called, so what an edit put there had no effect/);
      const other = skipping.edit({ [place]: splice(new Add(5)) });
      expect(() => other.trace(zero)).toThrow(SiteNotReachedError);
    }
    expect(
      skipping
        .edit({ "**": replaceModule(new Add(5)) })
        .forward(zero)
        .item(),
    ).toBe(5);
  });

  it("is refused for what is no module", () => {
    expect(() => replaceModule({} as Module)).toThrow(/instance of nn.Module/);
    expect(() => splice({} as Module)).toThrow(/instance of nn.Module/);
    expect(() => model.edit({ "layers.0": replaceModule(() => ({}) as Module) })).toThrow(
      /instance of nn.Module/,
    );
    expect(() => splice(new Dictionary(4), { from: "middle" as "input" })).toThrow(
      /must be one of "output", "input"/,
    );
  });

  it("is refused in a single pass", () => {
    const interventions = { "layers.0": replaceModule(new Add(1)) } as never;
    expect(() => model.trace(x, { interventions })).toThrow(/model.edit/);
  });

  it("can be printed", () => {
    const { edits } = model.edit({
      "layers.0": replaceModule(first),
      head: splice(new Dictionary(4)),
    });
    expect(JSON.parse(JSON.stringify(edits))[0].interventions).toEqual({
      "layers.0": { type: "replaceModule", module: "Block" },
      head: {
        type: "splice",
        module: "Dictionary",
        from: "output",
        error: true,
        stopGradient: false,
      },
    });
  });
});

class Doubling extends nn.Module {
  constructor(readonly base: Module) {
    super();
  }
  override forward(y: MxArray): MxArray {
    return mx.multiply(this.base.forward(y) as MxArray, 2);
  }
}

class Halving extends nn.Module {
  override forward(y: MxArray): MxArray {
    return mx.multiply(y, 0.5);
  }
}
