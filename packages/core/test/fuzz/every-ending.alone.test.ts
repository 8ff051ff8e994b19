/** An exception, an abort or a closing in every state of a pass: afterwards everything is as it was. */
import { type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { batchGetActivations } from "../../src/compat/activations.js";
import { InterpretableModel } from "../../src/model/model.js";
import { openCount } from "../../src/trace/open-traces.js";
import { Tap } from "../../src/tree/tap.js";
import { CausalModel, letters } from "../support/causal-model.js";
import { expectSame } from "../support/compare.js";
import { heldArrays } from "../support/handles.js";
import { x } from "../support/random-changes.js";
import { buildNetwork, fuse, type Plan } from "../support/random-networks.js";
import { remember } from "../support/unmarked.js";

class Stop extends Error {}
const stop = (): never => {
  throw new Stop("stop here");
};

const network = new CausalModel(2);
const model = new InterpretableModel(network, { tokenizer: letters });
const prompt = "abcd";
let checkNetwork: () => void;
let expected: MxArray;
let captured: MxArray;
let bits: ReturnType<typeof toFlat>;

beforeAll(async () => {
  const cache = await model.run(prompt, { save: ["layers.1", "output"] });
  [captured, expected] = [cache.get("layers.1"), cache.get("output")];
  bits = toFlat(captured);
});

beforeEach(() => {
  checkNetwork = remember(network);
});

afterEach(async () => {
  checkNetwork();
  expect(openCount()).toBe(0);
  expect(toFlat(captured)).toEqual(bits);
  expectSame(model.forward(prompt), expected);
  expectSame((await model.run(prompt)).get("output"), expected);
  expect(() => model.layers).toThrow(/only inside a trace/);
});

describe("before the forward", () => {
  it("fails with wrong names, prompts, tokenizers and arguments", async () => {
    const broken = { ...letters, encode: stop };
    const other = new InterpretableModel(network, { tokenizer: broken, forwardArguments: stop });
    for (const use of [
      () => other.trace("a"),
      () => other.trace([[1]]),
      () => model.trace([[99]]),
      () => model.trace(prompt, { interventions: { ["layers.9" as string]: (y) => y } }),
      () => model.trace(prompt, { interventions: { "layers.0": 3 as never } }),
      () => model.scan([[99]]),
      () => model.edit({ ["nowhere" as string]: (y: MxArray) => y }),
    ]) {
      expect(use).toThrow();
      expect(openCount()).toBe(0);
    }
  });
});

describe("in the forward", () => {
  const leafs = [1, 2, 3].map((amount): Plan => ({ leaf: "add", amount }));
  const plan: Plan = {
    style: "private",
    list: [leafs, { style: "tuple", list: leafs, named: {}, keyed: [], repeat: 2 }],
    named: { a: { style: "arrow", list: leafs, named: {}, keyed: leafs, repeat: 1 } },
    keyed: [{ style: "frozen", list: leafs, named: {}, keyed: [], repeat: 1 }],
    repeat: 1,
  };

  it("fails at every call of a module, in every kind of pass", async () => {
    const made = buildNetwork(plan);
    const whole = new InterpretableModel(made);
    const output = toFlat(whole.forward(x));
    const check = remember(made);
    const failures = [0, 0];
    for (let call = 0; call < 20; call++) {
      const sync = () => whole.trace(x).dispose();
      const passes = [sync, () => whole.run(x, { save: "**" }), () => whole.scan(x)];
      for (const pass of passes) {
        fuse.left = call;
        await expectFailure(pass, failures);
      }
      const metric = (y: MxArray) => mx.sum(y);
      fuse.left = call;
      await expectFailure(() => whole.gradients(x, metric, { save: "list.0.0" }), failures);
      fuse.left = Number.POSITIVE_INFINITY;
      check();
      expect(toFlat(whole.forward(x))).toEqual(output);
      using trace = whole.trace(x);
      expect(toFlat(trace.value("output"))).toEqual(output);
    }
    expect(failures).toEqual([4 * 18 + 2, 4 * 20 - 4 * 18 - 2]); // 18 calls; gradients run twice
  });

  async function expectFailure(pass: () => unknown, counts: number[]): Promise<void> {
    try {
      await pass();
      counts[1]++;
    } catch (error) {
      expect((error as Error).message).toBe("inside a forward");
      counts[0]++;
    }
  }
});

describe("in an intervention", () => {
  it("fails at every site, at its input and at its output", async () => {
    for (const { site } of model.sites()) {
      for (const name of [site, `${site}.input`]) {
        const interventions = { [name]: stop };
        expect(() => model.trace(prompt, { interventions }), name).toThrow(Stop);
        await expect(model.run(prompt, { interventions, save: "**" }), name).rejects.toThrow(Stop);
        checkNetwork();
      }
    }
  });

  it("closes the trace around it, its own model's traces, or opens one and forgets it", async () => {
    const outer = model.trace(prompt);
    const interventions = {
      "layers.0": (y: MxArray) => {
        outer.dispose();
        return y;
      },
    };
    using trace = model.trace(prompt, { interventions });
    expectSame(trace.output.value, expected);
    expect(() => outer.output.value).toThrow(/closed/);
    const forgotten: Disposable[] = [];
    const forget = (y: MxArray) => {
      forgotten.push(model.trace("ab"));
      return y;
    };
    await model.run(prompt, { interventions: { "layers.1": forget } });
    for (const one of forgotten) one[Symbol.dispose]();
  });
});

describe("while values are read", () => {
  class Deriving extends nn.Module {
    tap = new Tap(["batch", "hidden"]);
    other = new nn.Linear(2, 2);
    override forward(y: MxArray): MxArray {
      this.tap.derive(stop);
      return this.other.forward(y);
    }
  }

  it("fails where a value is derived, and the rest of the trace stays readable", () => {
    const deriving = new Deriving();
    const whole = new InterpretableModel(deriving);
    const check = remember(deriving);
    using trace = whole.trace(x);
    for (let round = 0; round < 2; round++) expect(() => trace.tap.value).toThrow(Stop);
    expect(() => trace.saveAll("**")).toThrow(Stop);
    expectSame(trace.other.value, deriving.other.forward(x));
    check();
  });

  it("fails at sites that are unknown, not reached, or of a closed trace", () => {
    const trace = model.trace(prompt);
    expect(() => trace.value("nowhere" as string)).toThrow(/matches no site/);
    expect(() => trace.value("layers.0#3" as string)).toThrow(/did not happen/);
    expectSame(trace.output.value, expected);
    trace.dispose();
    expect(() => trace.layers[0].value).toThrow(/closed/);
    expect(() => trace.save("layers.0")).toThrow(/closed/);
  });
});

describe("while saved values are computed", () => {
  type RowFunction = (row: MxArray) => MxArray;
  const { vmap } = mx as unknown as { vmap(rows: RowFunction): RowFunction };

  /** Values inside a mapped function belong to one row of many, so MLX cannot compute them. */
  class Mapped extends nn.Module {
    inner = new nn.Linear(2, 2);
    override forward(y: MxArray): MxArray {
      return vmap((row) => this.inner.forward(row))(y);
    }
  }
  const whole = new InterpretableModel(new Mapped());

  it("fails, and the trace is closed", async () => {
    const output = toFlat(whole.forward(x));
    const trace = whole.trace(x);
    trace.inner.save();
    expect(() => trace.dispose()).toThrow(/without a primitive/);
    expect(trace.disposed).toBe(true);
    const other = whole.trace(x);
    const saved = other.save("output");
    other.inner.save();
    await expect(other[Symbol.asyncDispose]()).rejects.toThrow(/without a primitive/);
    await expect(whole.run(x, { save: "**" })).rejects.toThrow(/without a primitive/);
    expect(openCount()).toBe(0);
    expect(toFlat(saved)).toEqual(output);
    expect(toFlat((await whole.run(x)).get("output"))).toEqual(output);
  });
});

describe("while a trace closes", () => {
  it("may be closed again, read, and joined by others while saved values are computed", async () => {
    const trace = model.trace(prompt);
    const saved = trace.layers[1].save();
    const closing = trace[Symbol.asyncDispose]();
    expect(trace.disposed).toBe(true);
    expect(() => trace.layers[0].value).toThrow(/closed/);
    trace.dispose();
    using other = model.trace(prompt);
    expectSame(other.output.value, expected);
    await Promise.all([closing, trace[Symbol.asyncDispose]()]);
    expectSame(saved, captured);
    expectSame(other.layers[1].value, captured);
  });

  it("fails in its body with values saved, which are computed all the same", async () => {
    const kept: MxArray[] = [];
    const body = async () => {
      await using trace = model.trace(prompt);
      kept.push(trace.layers[1].save());
      stop();
    };
    await expect(body()).rejects.toThrow(Stop);
    expectSame(kept[0], captured);
  });

  it("gives back what it held, whatever way it ended", async () => {
    const endings = [
      () => model.trace(prompt).dispose(),
      async () => model.trace(prompt)[Symbol.asyncDispose](),
      () => model.run(prompt, { interventions: { "layers.1.mlp": stop } }).catch(() => undefined),
      () => void model.scan(prompt),
      async () => void (await model.gradients(prompt, (y) => mx.sum(y), { save: "layers.*" })),
      () => model.trace().dispose(),
    ];
    const round = async () => {
      for (const end of endings) await end();
    };
    for (let warm = 0; warm < 3; warm++) await round();
    const before = await heldArrays();
    const closed = Array.from({ length: 20 }, () => model.trace(prompt));
    for (const trace of closed) trace.dispose(); // held on to, as somebody may who has forgotten them
    for (let times = 0; times < 20; times++) await round();
    // 20 rounds make some thousands; a closed trace still says which tokens it was fed
    expect((await heldArrays()) - before).toBeLessThan(closed.length + 10);
    expect(closed.every(({ disposed }) => disposed)).toBe(true);
  });
});

describe("a collection that is aborted", () => {
  const prompts = ["ab", "cd", "abc", "d"];

  it("before it begins, between batches, and by its own observer", async () => {
    const early = AbortSignal.abort(new Stop("too early"));
    await expect(batchGetActivations(model, prompts, { signal: early })).rejects.toThrow(Stop);
    for (let batch = 1; batch < 4; batch++) {
      const controller = new AbortController();
      const onProgress = ({ done }: { done: number }) => {
        if (done === batch) controller.abort(new Stop("between"));
      };
      const { signal } = controller;
      const run = batchGetActivations(model, prompts, { batchSize: 1, signal, onProgress });
      await expect(run).rejects.toThrow(Stop);
      const thrown = batchGetActivations(model, prompts, { batchSize: 1, onProgress: stop });
      await expect(thrown).rejects.toThrow(Stop);
    }
  });
});
