/** Prompts of different lengths in one batch: each result equals that of the prompt alone. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { CausalModel, letters } from "./support/causal-model.js";
import { expectClose } from "./support/compare.js";

const model = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const prompts = ["abcde", "k", "gfa"];

/** One row of a batch, without its padding. */
function row(value: MxArray, index: number, length: number): MxArray {
  return value.index(mx.Slice(index, index + 1), mx.Slice(0, length));
}

describe("lesson: batches were padded with token 0 and no mask", () => {
  it("every activation of a prompt equals its activation alone", async () => {
    const sites = ["layers.*", "layers.*.selfAttn", "layers.*.selfAttn.result", "output"];
    const together = await model.run(prompts, { save: sites });
    for (const [index, prompt] of prompts.entries()) {
      const alone = await model.run(prompt, { save: sites });
      for (const [site, value] of alone) {
        expectClose(row(together.get(site), index, prompt.length), value);
      }
    }
  });

  it("whatever stands in the padding", async () => {
    const other = new InterpretableModel(model.module, { tokenizer: { ...letters, padId: 10 } });
    const [zero, ten] = [await model.run(prompts), await other.run(prompts)];
    for (const [index, { length }] of prompts.entries()) {
      expectClose(row(ten.get("output"), index, length), row(zero.get("output"), index, length));
    }
  });

  it("lesson: position -1 read padding", async () => {
    const together = await model.run(prompts, { save: ["layers.1", "output"] });
    for (const [index, prompt] of prompts.entries()) {
      const alone = await model.run(prompt, { save: ["layers.1", "output"] });
      for (const site of ["layers.1", "output"]) {
        const last = together.last(site).index(mx.Slice(index, index + 1));
        expectClose(last, alone.get(site).index(mx.Slice(), -1));
        expectClose(alone.last(site), alone.get(site).index(mx.Slice(), -1));
      }
    }
  });

  it("an intervention on a padded batch equals the same on each prompt", async () => {
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 0.5) };
    const together = await model.run(prompts, { interventions });
    for (const [index, prompt] of prompts.entries()) {
      const alone = await model.run(prompt, { interventions });
      expectClose(row(together.get("output"), index, prompt.length), alone.get("output"));
      expect(alone.get("output").shape).toEqual([1, prompt.length, 11]);
    }
  });
});
