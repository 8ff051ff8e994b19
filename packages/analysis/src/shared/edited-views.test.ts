/** Views whose edits act above the last layer: methods read what the view says, not what its model would. */
import type { ModelEdits } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { activationPatching } from "../activation-patching/activation-patching.js";
import { attributionPatching } from "../attribution-patching/attribution-patching.js";
import { directLogitAttribution } from "../direct-logit-attribution/direct-logit-attribution.js";
import { logitLens } from "../logit-lens/logit-lens.js";
import { gpt2Like, llamaLike } from "./test-support.js";

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 25, 9];
const question = { answer: 3, wrongAnswer: 8 } as const;

const edits: Readonly<Record<string, ModelEdits>> = {
  "the final norm": { finalNorm: (x: MxArray) => mx.multiply(x, 0.5) },
  "what the final norm reads": { "finalNorm.input": (x: MxArray) => mx.add(mx.multiply(x, x), 1) },
  "one position of the final norm": { finalNorm: (x: MxArray) => mx.multiply(x, mx.array([1, 1, 1, 1, 0.25].slice(-x.shape[1])).reshape([1, -1, 1])) }, // biome-ignore format: one edit
  "the output": { output: (x: MxArray) => mx.multiply(x, mx.arange(0, x.shape[2], 1, mx.float32)) }, // biome-ignore format: one edit
  "two of them, and a layer": {
    "layers.1.mlp": (x: MxArray) => mx.multiply(x, 2),
    finalNorm: (x: MxArray) => mx.add(x, 1),
    output: (x: MxArray) => mx.square(x),
  },
};

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
])("a model like %s", (_, config) => {
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  const model = new LanguageModel(decoder, { config });

  it.each(Object.entries(edits))("with an edit of %s", async (_name, edit) => {
    const view = model.edit(edit as never);
    const logits = async (ids: number[]) => toFlat((await view.run([ids])).get("output").index(0, -1)); // biome-ignore format: one line
    const lead = (values: ArrayLike<number>) => values[question.answer] - values[question.wrongAnswer]; // biome-ignore format: one line
    const [own, other] = [await logits(clean), await logits(corrupted)];
    const patched = await activationPatching(view, { clean, corrupted }, { ...question, layers: [0], positions: [1] }); // biome-ignore format: one line
    const [baseline] = patched.tables.baselines.rows;
    expect(baseline.clean).toBeCloseTo(lead(own), 3);
    expect(baseline.corrupted).toBeCloseTo(lead(other), 3);
    expect(patched.grids.residualByPair!.values[0]).toBeCloseTo(lead(own), 3); // the only token that differs
    const attributed = await attributionPatching(view, { clean, corrupted }, question);
    expect(attributed.tables.baselines.rows[0].clean).toBeCloseTo(lead(own), 3);
    const lens = await logitLens(view, clean, { layers: [-1], positions: [-1], topK: 1 });
    expect(lens.grids.logit.values[0]).toBeCloseTo(Math.max(...own), 3);
    const { tables } = await directLogitAttribution(view, clean, question);
    expect(tables.prompts.rows[0].total).toBeCloseTo(lead(own), 3);
  });
});
