/** Activations of many prompts at chosen positions. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose, expectSame } from "../../test/support/compare.js";
import {
  InvalidPromptError,
  MissingAxisError,
  OutOfRangeError,
  UnknownSiteError,
} from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import type { Positions } from "../tokens/positions.js";
import { batchGetActivations, collectActivations, getActivations } from "./activations.js";

const model = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const prompts = ["abc", "d", "kjihg", "ab", "gg"];

/** The activations of one prompt, (position, hidden). */
async function alone(prompt: string, site: string): Promise<MxArray> {
  const cache = await model.run(prompt, { save: site });
  return cache.get(site).squeeze(0);
}

describe("collecting one pass", () => {
  it("is a run that keeps the residual stream", async () => {
    const cache = await collectActivations(model, ["ab", "c"]);
    expect(cache.keys()).toEqual(["layers.0", "layers.1"]);
    const run = await model.run(["ab", "c"], { save: "layers.0" });
    expectSame(cache.get("layers.0"), run.get("layers.0"));
  });
});

describe("activations at positions", () => {
  it("are those of each prompt's last token by default", async () => {
    const found = await getActivations(model, prompts);
    expect(found.keys()).toEqual(["layers.0", "layers.1"]);
    expect(found.get("layers.1").shape).toEqual([5, 8]);
    for (const [row, prompt] of prompts.entries()) {
      expectClose(found.get("layers.1").index(row), (await alone(prompt, "layers.1")).index(-1));
    }
  });

  it("take one text for a list of one", async () => {
    const found = await getActivations(model, "abc", { save: "lmHead" });
    expectClose(found.get("lmHead"), (await alone("abc", "lmHead")).index(mx.Slice(-1, null)));
  });

  it("may be one position, several, from either end", async () => {
    const long = ["abc", "kjihg"];
    const sites = "layers.0";
    const at = async (positions: Positions) =>
      (await getActivations(model, long, { save: sites, positions })).get(sites);
    const [first, second] = [await alone(long[0], sites), await alone(long[1], sites)];
    const rows = (one: MxArray, other: MxArray) => mx.stack([one, other]);
    expectClose(await at(0), rows(first.index(0), second.index(0)));
    expectClose(await at(-3), rows(first.index(0), second.index(2)));
    expect((await at([1])).shape).toEqual([2, 1, 8]);
    const chosen = await at([2, -1, 0]);
    expectClose(chosen.index(1), mx.stack([second.index(2), second.index(4), second.index(0)]));
    expectClose(chosen.index(0), mx.stack([first.index(2), first.index(2), first.index(0)]));
    expectClose(await at({ from: -2 }), await at([-2, -1]));
    expectClose(await at({ from: 1, to: 3 }), await at([1, 2]));
  });

  it.each([1.5, Number.NaN, [], "0", { from: 2, to: 1 }, { start: 1 }])(
    "are refused before any pass where they are none: %j",
    async (positions) => {
      const collected = getActivations(model, ["abc"], { positions: positions as number });
      await expect(collected).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it("of a range are refused where prompts have different numbers of them", async () => {
    const collected = getActivations(model, ["abcde", "abc"], { positions: { from: 1 } });
    await expect(collected).rejects.toThrow(/prompt 0 has 4 of them and prompt 1 2/);
  });

  it.each([3, -4, [0, 3]])("are refused where a prompt has none: %j", async (positions) => {
    const collected = getActivations(model, ["abcde", "abc"], { positions });
    await expect(collected).rejects.toBeInstanceOf(OutOfRangeError);
    await expect(collected).rejects.toThrow(/prompt 1 has 3/);
  });

  it("are found on the axis that holds positions", async () => {
    const sites = "layers.0.selfAttn.pattern"; // (batch, heads, query, key)
    const found = await getActivations(model, ["abc", "dcba"], { save: sites, positions: [0, 2] });
    expect(found.get(sites).shape).toEqual([2, 1, 2, 4]);
    expect(found.positionAxis(sites)).toBe(2);
    const ones = await getActivations(model, ["abc"], { save: sites, positions: 0 });
    expectSame(ones.get(sites), mx.array([[[1, 0, 0]]]));
    const ids = getActivations(model, ["abc"], { save: "layers.0.mlp.input.0" });
    expect((await ids).entries()[0][1].shape).toEqual([1, 8]);
    const flat = new InterpretableModel(new CausalModel(), { tokenizer: letters });
    Object.defineProperty(flat.module, "outputAxes", { value: ["batch", "vocab", "hidden"] });
    const none = getActivations(flat, ["abc"], { save: "output" });
    await expect(none).rejects.toBeInstanceOf(MissingAxisError);
  });
});

describe("in batches", () => {
  it.each([1, 2, 3, 5, 100])(
    "of %i, they equal those of all prompts together",
    async (batchSize) => {
      const [together, batched] = [
        await getActivations(model, prompts, { save: ["layers.*", "output"] }),
        await batchGetActivations(model, prompts, { save: ["layers.*", "output"], batchSize }),
      ];
      expect(batched.keys()).toEqual(together.keys());
      for (const [site, value] of together) expectClose(batched.get(site), value);
      expect(batched.tokens?.ids).toEqual(together.tokens?.ids);
      const { time, ...origin } = together.provenance;
      expect(batched.provenance).toEqual({ ...origin, time: expect.any(String) });
      expectClose(batched.last("layers.1"), together.last("layers.1"));
    },
  );

  it("they refuse a position that a later prompt lacks before any pass", async () => {
    let passes = 0;
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, ++passes) };
    const options = { positions: { from: 1 }, batchSize: 1, interventions };
    const ragged = batchGetActivations(model, ["abcde", "abc"], options);
    await expect(ragged).rejects.toThrow(/prompt 0 has 4 of them and prompt 1 2/);
    expect(passes).toBe(0);
  });

  it("they take interventions, and lists of ids", async () => {
    const interventions = { "layers.0": (x: MxArray) => mx.zerosLike(x) };
    const found = await batchGetActivations(model, [[1, 2], [3]], { interventions, batchSize: 1 });
    expectSame(found.get("layers.0"), mx.zeros([2, 8]));
  });

  it("they report how far they are", async () => {
    const seen: string[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      seen.push(`${done}/${total}`);
    await batchGetActivations(model, prompts, { batchSize: 2, onProgress });
    expect(seen).toEqual(["2/5", "4/5", "5/5"]);
  });

  it("they stop half way when told to, with the reason given", async () => {
    const controller = new AbortController();
    const done: number[] = [];
    const onProgress = (progress: { done: number }) => {
      done.push(progress.done);
      if (progress.done === 4) controller.abort(new Error("enough"));
    };
    const { signal } = controller;
    const collected = batchGetActivations(model, prompts, { batchSize: 2, onProgress, signal });
    await expect(collected).rejects.toThrow("enough");
    expect(done).toEqual([2, 4]);
    await expect(getActivations(model, "a", { signal })).rejects.toThrow("enough");
  });

  it("they refuse sizes that would never end, and lists without prompts", async () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      const collected = batchGetActivations(model, prompts, { batchSize });
      await expect(collected).rejects.toBeInstanceOf(InvalidArgumentError);
    }
    await expect(getActivations(model, [])).rejects.toBeInstanceOf(InvalidPromptError);
    await expect(batchGetActivations(model, [])).rejects.toBeInstanceOf(InvalidPromptError);
    await expect(getActivations(model, "a", { save: "layer" })).rejects.toBeInstanceOf(
      UnknownSiteError,
    );
  });
});
