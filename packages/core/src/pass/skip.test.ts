/** Modules left out of a pass. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel } from "../../test/support/causal-model.js";
import { expectSame, expectUntouched } from "../../test/support/compare.js";
import { Counting } from "../../test/support/dictionary.js";
import { Add, Chain, numbers, Stack } from "../../test/support/networks.js";
import {
  AsyncForwardError,
  InterventionShapeError,
  InvalidEditError,
  SiteNotReachedError,
} from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import { skip, skipOptions } from "./skip.js";

const x = numbers(2, 3, 4);
const network = new Stack();
const model = new InterpretableModel(network);

describe("a skipped module", () => {
  it("hands on its input, and nothing inside it runs", async () => {
    const view = model.edit({ "layers.1": skip() });
    using trace = view.trace(x);
    expectSame(trace.layers[1].value, network.layers[0].forward(x));
    expect(() => trace.layers[1].up.value).toThrow(SiteNotReachedError);
    const rest = network.layers[2].forward(network.layers[0].forward(x));
    expectSame(view.forward(x), network.head.forward(rest));
    expect((await view.run(x, { save: "layers.*.up" })).keys()).toEqual([
      "layers.0.up",
      "layers.2.up",
    ]);
  });

  it("is not called", () => {
    const counting = new Counting(new Add(1));
    class Once extends nn.Module {
      part = counting;
      override forward(y: MxArray): MxArray {
        return mx.multiply(this.part.forward(y) as MxArray, 2);
      }
    }
    const once = new InterpretableModel(new Once());
    expect(
      once
        .edit({ part: skip() })
        .forward(mx.array([3]))
        .item(),
    ).toBe(6);
    expect(counting.calls).toBe(0);
  });

  it("is skipped for one pass as well, in one call as well, and by a pattern", () => {
    const skipping = { interventions: { "parts.{0,2}": skip() } };
    const chain = new InterpretableModel(new Chain(1, 2, 3));
    using trace = chain.trace(mx.zeros([1]), skipping);
    expect(trace.output.value.item()).toBe(2);
    class Twice extends nn.Module {
      part = new Add(1);
      override forward(y: MxArray): MxArray {
        return mx.multiply(this.part.forward(this.part.forward(y)), 10);
      }
    }
    const twice = new InterpretableModel(new Twice());
    expect(
      twice
        .edit({ "part#1": skip() })
        .forward(mx.zeros([1]))
        .item(),
    ).toBe(10);
    expect(() => twice.edit({ "part#2": skip() }).forward(mx.zeros([1]))).toThrow(/had no effect/);
  });

  it("adds nothing where it says that it is added to what came in", () => {
    class Write extends nn.Module {
      writesResidual = true;
      override forward(y: MxArray): MxArray {
        return mx.multiply(y, 3);
      }
    }
    class Residual extends nn.Module {
      mlp = new Write();
      override forward(y: MxArray): MxArray {
        return mx.add(y, this.mlp.forward(y));
      }
    }
    const residual = new InterpretableModel(new Residual());
    expectSame(residual.edit({ mlp: skip() }).forward(x), x);
    const doubled = residual.edit({ mlp: skip({ output: "input" }) }).forward(x);
    expectSame(doubled, mx.add(x, x));
  });

  it("gives zeros of the right shape where its weights tell it", () => {
    const view = model.edit({ "layers.0.down": skip({ output: "zeros" }) });
    using trace = view.trace(x);
    expectSame(trace.layers[0].value, x);
    expect(trace.layers[0].down.shape).toEqual([2, 3, 4]);
  });

  it("returns what its caller takes apart, where a function says so", () => {
    class Cell extends nn.Module {
      override forward(y: MxArray, state: number): [MxArray, number] {
        return [mx.add(y, state), state + 1];
      }
    }
    class Recurrent extends nn.Module {
      cell = new Cell();
      override forward(y: MxArray): MxArray {
        const [first, state] = this.cell.forward(y, 1);
        return mx.add(first, state);
      }
    }
    const recurrent = new InterpretableModel(new Recurrent());
    const output = (y: unknown, state: unknown) => [y, state];
    const view = recurrent.edit({ cell: skip({ output }) });
    expect(view.forward(mx.zeros([1])).item()).toBe(1);
  });

  it("is still a site that interventions change, its input too", () => {
    const double = (y: MxArray) => mx.multiply(y, 2);
    const view = model.edit({ "layers.0.input": double, "layers.0": [skip(), double] });
    using trace = view.trace(x);
    expectSame(trace.layers[0].value, mx.multiply(x, 4));
  });

  it("is a tap that is passed by", () => {
    const ids = [[1, 2, 3]];
    const language = new InterpretableModel(new CausalModel());
    const view = language.edit({ "layers.0.residMid": skip() });
    expectSame(view.forward(ids), language.forward(ids));
  });

  it("leaves the network as it was", async () => {
    await expectUntouched(network, () => model.edit({ "layers.*": skip() }).run(x));
  });
});

describe("a skip that cannot be", () => {
  it.each(["layers.0.input", "layers.0.output.1", "output", "input"])("is refused: %s", (site) => {
    const attempt = () => model.edit({ [site]: skip() });
    expect(attempt).toThrow(InvalidEditError);
    expect(attempt).toThrow(/name a module inside the model/);
  });

  it("is refused where the shape would not be that of the output", () => {
    expect(() => model.edit({ "layers.0.up": skip() }).forward(x)).toThrow(InterventionShapeError);
    const language = new InterpretableModel(new CausalModel());
    expect(() => language.edit({ embedTokens: skip() }).forward([[1]])).toThrow(
      InterventionShapeError,
    );
    expect(() =>
      language.edit({ "layers.0.selfAttn.pattern": skip() }).forward([[1]]),
    ).not.toThrow();
  });

  it("does not compile at a misspelt site, nor does any other edit", () => {
    // @ts-expect-error a misspelt site
    expect(() => model.edit({ "layer.0": skip() })).toThrow(/matches no site/);
    // @ts-expect-error a misspelt site beside a good one
    expect(() => model.edit({ "layers.0": skip(), "layers.0.upp": skip() })).toThrow();
  });

  it("is refused where its function returns no array of the module's axes: the next module failed in MLX's words", () => {
    class Write extends nn.Module {
      outputAxes = ["batch", "position", "hidden"] as const;
      writesResidual = true;
      override forward(y: MxArray): MxArray {
        return y;
      }
    }
    class Residual extends nn.Module {
      mlp = new Write();
      override forward(y: MxArray): MxArray {
        return mx.add(y, this.mlp.forward(y));
      }
    }
    const residual = new InterpretableModel(new Residual());
    const ran = (returned: unknown) => () =>
      residual.edit({ mlp: skip({ output: () => returned }) }).forward(x);
    for (const returned of [undefined, [1, 2], "text", mx.array([1]), mx.ones([2, 2])]) {
      expect(ran(returned)).toThrow(InvalidEditError);
      expect(ran(returned)).toThrow(
        /at "mlp": its function must return an array of MLX with the axes \(batch, position, hidden\), not /,
      );
    }
    expect(ran(mx.ones([2, 3, 5]))).toThrow(InterventionShapeError);
    expect(ran(Promise.resolve(x))).toThrow(AsyncForwardError);
    expectSame(ran(mx.zerosLike(x))(), x);
    const wide = model.edit({ "layers.0.up": skip({ output: () => mx.ones([2, 3, 5]) }) });
    expect(() => wide.forward(x)).toThrow(InterventionShapeError);
  });

  it("has options that can be asked of anything", () => {
    const bare = Object.create(null) as object;
    for (const other of [undefined, null, 3, "skip", bare, () => x]) {
      expect(skipOptions(other)).toBeUndefined();
    }
    expect(skipOptions(skip({ output: "zeros" }))).toEqual({ output: "zeros" });
  });

  it("is refused inside another intervention, and with an unknown output", () => {
    const inner = skip();
    expect(() =>
      model.trace(x, { interventions: { "layers.0": (y, site) => inner(y, site) } }),
    ).toThrow(/left out as a whole/);
    expect(() => skip({ output: "ones" as "zeros" })).toThrow(/neither "input"/);
  });
});
