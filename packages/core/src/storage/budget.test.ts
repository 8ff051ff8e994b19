/** Save lists that do not fit are refused before anything is computed, and each remedy that is told fits. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { batchGetActivations, collectActivations, getActivations } from "../compat/activations.js";
import { InterpretableModel } from "../model/model.js";
import { byteCount, formatBytes } from "./byte-size.js";
import { BudgetExceededError } from "./errors.js";

const model = new InterpretableModel(new CausalModel(3), { tokenizer: letters });
const prompts = ["abcd", "dcba", "aaaa"];
const layer = 3 * 4 * 8 * 4; // bytes of one layer's residual stream

async function refusal(run: Promise<unknown>): Promise<BudgetExceededError> {
  const error = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(BudgetExceededError);
  return error as BudgetExceededError;
}

describe("a run with a budget", () => {
  it("is refused one byte below what it takes, and not at it", async () => {
    const save = "layers.*";
    expect((await model.run(prompts, { save, budget: 3 * layer })).size).toBe(3);
    const error = await refusal(model.run(prompts, { save, budget: 3 * layer - 1 }));
    expect([error.bytes, error.budget]).toEqual([3 * layer, 3 * layer - 1]);
    expect(error.largest[0]).toEqual({ site: "layers.0", bytes: layer });
    expect(error.fits).toEqual({
      dtype: "float16",
      positions: 3,
      prompts: 2,
      sites: ["layers.0", "layers.1"],
    });
    expect(error.message).toMatch(
      /takes 1.15 KB, the budget is 1.15 KB. Largest: layers.0 384 bytes.*dtype: "float16"; positions: 3 of each prompt; 2 prompts at a time; the first 2 sites \(up to layers.1\)/,
    );
  });

  it.each([200, 500, 700, 1000])("is told only what fits into %i bytes", async (budget) => {
    const save = ["layers.*", "layers.*.selfAttn.pattern"];
    const { fits } = await refusal(model.run(prompts, { save, budget }));
    const { dtype, positions = 0, prompts: few = 0, sites = [] } = fits;
    const within = async (...run: Parameters<typeof model.run>) =>
      (await model.run(...run)).nbytes <= budget;
    const first = (count: number) => Array.from({ length: count }, (_, index) => index);
    expect(await within(prompts, { save, dtype: "float16" })).toBe(dtype !== undefined);
    if (positions > 0)
      expect(await within(prompts, { save, positions: first(positions) })).toBe(true);
    expect(await within(prompts, { save, positions: first(positions + 1) })).toBe(false);
    if (few > 0) expect(await within(prompts.slice(0, few), { save })).toBe(true);
    expect(await within(prompts.slice(0, few + 1), { save })).toBe(false);
    if (sites.length > 0) expect(await within(prompts, { save: sites })).toBe(true);
    const keys = model.collectLazily(prompts, { save }).keys();
    expect(await within(prompts, { save: keys.slice(0, sites.length + 1) })).toBe(false);
  });

  it("computes nothing first: arrays that no machine could hold", async () => {
    const large = 1_000_000;
    const stack = new InterpretableModel(new Stack(2, large));
    const error = await refusal(
      stack.run(mx.zeros([large, large]), { save: "**", budget: "64GB" }),
    );
    expect(error.bytes).toBe(4 * large ** 2 * 9);
    expect(error.fits).toEqual({});
    expect(error.message).toMatch(/takes 36 TB, the budget is 64 GB.*Save less/);
  });

  it("does not mind what is not saved", async () => {
    const stack = new InterpretableModel(new Stack());
    const run = await stack.run(numbers(2, 4), { budget: 32 });
    expect(run.nbytes).toBe(32);
  });
});

describe("collecting with a budget", () => {
  const many = Array.from({ length: 10 }, () => "abc");
  const sites = "layers.*";

  it("counts all prompts, not those of one batch", async () => {
    const takes = 10 * 3 * 8 * 4;
    const options = { save: sites, batchSize: 4 };
    await batchGetActivations(model, many, { ...options, budget: takes });
    let passes = 0;
    const interventions = {
      "layers.0": (x: MxArray) => {
        passes += 1;
        return x;
      },
    };
    const short = { ...options, interventions, budget: takes - 1 };
    const error = await refusal(batchGetActivations(model, many, short));
    expect(error.bytes).toBe(takes);
    expect(error.fits).toMatchObject({ dtype: "float16", prompts: 9 });
    expect(passes).toBe(1); // only its graph was built
  });

  it("is refused in every form", async () => {
    await refusal(collectActivations(model, "abc", { save: sites, budget: 1 }));
    await refusal(getActivations(model, many, { save: sites, budget: 1 }));
  });
});

describe("amounts", () => {
  it("are bytes, or have a unit", () => {
    expect(
      [7, "7B", "1.5KB", "2GB", "2 GB", "1MiB"].map((size) => byteCount(size as never, "budget")),
    ).toEqual([7, 7, 1500, 2e9, 2e9, 2 ** 20]);
    for (const size of [
      -1,
      Number.NaN,
      "2",
      "GB",
      "2 gb",
      "2XB",
      "",
      null,
      ["2GB"],
      [Symbol("inside")],
      Object.create(null),
    ]) {
      expect(() => byteCount(size as never, "budget")).toThrow(
        /budget: it must be a number of bytes/,
      );
    }
    expect([0, 999, 1000, 1234567, 3e13].map(formatBytes)).toEqual([
      "0 bytes",
      "999 bytes",
      "1 KB",
      "1.23 MB",
      "30 TB",
    ]);
  });
});
