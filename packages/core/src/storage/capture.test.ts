/** What is kept of a value at capture: slices and casts of the full one, refused where they mean nothing. */
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectSame } from "../../test/support/compare.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { collectActivations, getActivations } from "../collect/collect.js";
import { MissingAxisError, OutOfRangeError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";

const model = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const prompts = ["abc", "kjihg"];
const save = ["layers.*", "layers.*.selfAttn.pattern", "layers.0.selfAttn.result", "input"];
const full = await model.run(prompts, { save });
const pattern = "layers.1.selfAttn.pattern"; // (batch, heads, query, key)

describe("positions", () => {
  it("of a list are slices of the full values, on the same axis", async () => {
    const sliced = await model.run(prompts, { save, positions: [1, 0] });
    expect(sliced.keys()).toEqual(full.keys());
    for (const [site, value] of sliced) {
      const order = mx.array([1, 0], mx.int32);
      expectSame(value, mx.take(full.get(site), order, full.positionAxis(site)));
      expect(sliced.positionAxis(site)).toBe(full.positionAxis(site));
    }
    expect(sliced.get(pattern).shape).toEqual([2, 1, 2, 5]);
    expect(sliced.positions).toEqual([1, 0]);
  });

  it("of each prompt's own end are those that last() finds", async () => {
    const last = await model.run(prompts, { save, positions: -1 });
    const two = await model.run(prompts, { save, positions: [-2, -1] });
    for (const [site, value] of last) {
      expectSame(value, full.last(site));
      expectSame(last.last(site), full.last(site));
      expectSame(two.last(site), full.last(site));
    }
  });

  it("that were not kept are asked for in vain, and loudly", async () => {
    const first = await model.run(prompts, { save: "layers.0", positions: 0 });
    expect(() => first.last("layers.0")).toThrow(MissingAxisError);
    expect(() => first.last("layers.0")).toThrow(/kept positions: 0/);
    expect(() => first.positionAxis("layers.0")).toThrow(/\(batch, hidden\)/);
    const two = await model.run(prompts, { save: "layers.0", positions: [0, 2] });
    expect(() => two.last("layers.0")).toThrow(/kept positions: \[0,2\].*Keep position -1/);
  });

  it("work for plain arrays", async () => {
    const stack = new InterpretableModel(new Stack());
    const x = numbers(2, 5, 4);
    const output = (await stack.run(x)).get("output");
    const sliced = await stack.run(x, { positions: -1 });
    expectSame(sliced.get("output"), output.index(mx.Slice(), 4));
  });

  it.each([3, -4, [0, 3]])("that a prompt does not have are refused: %j", async (positions) => {
    const run = model.run(prompts, { save, positions: positions as number });
    await expect(run).rejects.toBeInstanceOf(OutOfRangeError);
  });

  it("are refused where a value has none", async () => {
    const stack = new InterpretableModel(new Stack());
    await expect(stack.run(numbers(3, 4), { positions: 0 })).rejects.toThrow(MissingAxisError);
  });
});

describe("a smaller dtype", () => {
  it.each(["float16", "bfloat16"] as const)(
    "%s is that of the full value, rounded",
    async (dtype) => {
      const half = await model.run(prompts, { save, dtype });
      for (const [site, value] of half) {
        const whole = full.get(site);
        expectSame(value, site === "input" ? whole : whole.astype(mx[dtype]));
      }
      expect(2 * (half.nbytes - 4 * 10)).toBe(full.nbytes - 4 * 10); // ids stay as they are
      expect(half.get("layers.0", { dtype: "float32" }).dtype).toBe(mx.float32);
      const { "layers.0": last } = await getActivations(model, prompts, {
        save: "layers.0",
        dtype,
      });
      expectSame(last, full.last("layers.0").astype(mx[dtype]));
    },
  );

  it("is one of three", async () => {
    const run = model.run(prompts, { dtype: "int8" as never });
    await expect(run).rejects.toThrow(InvalidArgumentError);
  });
});

it("collecting takes both", async () => {
  const options = { save: "layers.*", positions: [-1], dtype: "float16" } as const;
  const cache = await collectActivations(model, prompts, options);
  const rounded = full.get("layers.1").astype(mx.float16);
  expectSame(cache.get("layers.1").index(1, 0), rounded.index(1, 4));
  expectSame(cache.get("layers.1").index(0, 0), rounded.index(0, 2));
});
