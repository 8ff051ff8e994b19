/** What a run keeps, and how it is asked for. */
import { setImmediate as turn } from "node:timers/promises";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose, expectSame } from "../../test/support/compare.js";
import { Add, numbers, Stack } from "../../test/support/networks.js";
import { DisposedError, MissingAxisError, UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";

const language = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const save = ["layers.*", "layers.0.selfAttn.pattern", "layers.0.selfAttn.result", "output"];
const cache = await language.run(["abc", "dcba"], { save });

describe("asking a cache", () => {
  it("takes every spelling of a name", () => {
    const names = [
      "layers.1",
      "layers.-1",
      "layers.1.output",
      "model.layers.1",
      "blocks.1.hook_resid_post",
    ];
    for (const name of names) expect(cache.get(name)).toBe(cache.get("layers.1"));
    expect(cache.has("blocks.0.attn.hook_pattern")).toBe(true);
  });

  it("lists names in the order they were asked for", () => {
    expect(cache.keys()).toEqual([
      "layers.0",
      "layers.1",
      "layers.0.selfAttn.pattern",
      "layers.0.selfAttn.result",
      "output",
    ]);
    expect(cache.size).toBe(5);
    expect([...cache].map(([site]) => site)).toEqual(cache.keys());
    expect(cache.nbytes).toBe(4 * (2 * 64 + 32 + 64 + 88));
  });

  it("says what it holds where it does not hold a site", () => {
    expect(cache.has("layers.0.mlp")).toBe(false);
    expect(cache.has("no such site" as string)).toBe(false);
    expect(() => cache.get("layers.0.mlp")).toThrow(UnknownSiteError);
    expect(() => cache.get("layers.0.mlp")).toThrow(/not saved in this run.*layers.0, layers.1/);
    expect(() => cache.get("layers.*")).toThrow(/not saved in this run/);
  });

  it("names the calls of the module that was asked for, and of no other", async () => {
    class Twice extends nn.Module {
      one = new Add(1);
      two = new Add(2);
      override forward(x: MxArray): MxArray {
        const once = this.two.forward(this.one.forward(x));
        return this.two.forward(this.one.forward(once));
      }
    }
    const run = await new InterpretableModel(new Twice()).run(numbers(3), { save: "*" });
    expect(run.keys()).toEqual(["one#0", "one#1", "two#0", "two#1"]);
    expect(() => run.get("one")).toThrow(/Nearest: one#0, one#1\./);
  });

  it("keeps the output when nothing is said", async () => {
    expect((await language.run("a")).keys()).toEqual(["output"]);
    const nothing = language.run("a", { save: [] });
    await expect(nothing).rejects.toThrow("save: name at least one site; the list is empty.");
  });

  it("keeps where it comes from", async () => {
    const interventions = { "layers.{0,1}": (x: ReturnType<typeof mx.array>) => x };
    const run = await language.edit({ lmHead: (x) => x }).run("ab", { interventions });
    expect(run.tokens?.ids).toEqual([[0, 1]]);
    expect(run.provenance).toMatchObject({
      model: "CausalModel",
      weights: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      dtype: "float32",
      edits: [{ name: "edit1", sites: ["lmHead"] }],
      interventions: ["layers.{0,1}"],
      versions: { node: process.versions.node },
    });
    const json = JSON.parse(JSON.stringify(run));
    expect(json).toEqual({ provenance: run.provenance, activations: { output: [1, 2, 11] } });
  });
});

describe("the last position", () => {
  it("is each prompt's own", () => {
    const last = cache.last("layers.1");
    expect(last.shape).toEqual([2, 8]);
    expectSame(last.index(0), cache.get("layers.1").index(0, 2));
    expectSame(last.index(1), cache.get("layers.1").index(1, 3));
  });

  it("is found on whichever axis holds positions", () => {
    const pattern = cache.last("layers.0.selfAttn.pattern"); // (batch, heads, key)
    expect(pattern.shape).toEqual([2, 1, 4]);
    expectSame(pattern.index(0), cache.get("layers.0.selfAttn.pattern").index(0, mx.Slice(), 2));
    expect(cache.last("layers.0.selfAttn.result").shape).toEqual([2, 1, 8]);
  });

  it("is known without padding, and without tokens", async () => {
    const one = await language.run("abc", { save: ["layers.0", "layers.0.selfAttn.pattern"] });
    expectSame(one.last("layers.0"), one.get("layers.0").index(mx.Slice(), 2));
    expectClose(mx.sum(one.last("layers.0.selfAttn.pattern"), -1), mx.ones([1, 1]));
    const stack = new InterpretableModel(new Stack());
    const run = await stack.run(numbers(2, 3, 4));
    expectSame(run.last("output"), run.get("output").index(mx.Slice(), 2));
  });

  it("does not exist where a value has no positions", async () => {
    const run = await new InterpretableModel(new Stack()).run(numbers(3, 4));
    expect(() => run.last("output")).toThrow(MissingAxisError);
    expect(() => run.last("output")).toThrow(/"output" has no axis "position".*outputAxes/);
  });
});

describe("disposing of a cache", () => {
  it("lets go of the arrays, and of nothing else", async () => {
    const run = await language.run("ab", { save: "layers.*" });
    const arrays = run.entries().map(([, value]) => new WeakRef(value));
    run.dispose();
    run.dispose();
    for (const use of [() => run.get("layers.0"), () => run.has("layers.0"), () => run.size]) {
      expect(use).toThrow(DisposedError);
    }
    expect(run.tokens?.ids).toEqual([[0, 1]]);
    await turn();
    globalThis.gc?.();
    expect(arrays.map((array) => array.deref())).toEqual([undefined, undefined]);
  });

  it("happens at the end of a using block", async () => {
    let outside: Awaited<ReturnType<typeof language.run>>;
    {
      using run = await language.run("ab");
      outside = run;
    }
    expect(() => outside.get("output")).toThrow(/This cache is closed/);
  });
});
