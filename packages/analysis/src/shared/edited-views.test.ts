/** Views whose edits act above the last layer: methods read what the view says, not what its model would. */
import type { ModelEdits } from "@mlxterp/core";
import { atPositions, scale } from "@mlxterp/interventions";
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

  it.each(Object.entries(edits))("with an edit of %s", async (name, edit) => {
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
    const { tables, grids, notes } = await directLogitAttribution(view, clean, question);
    const [{ total, embedding, normBias, unembeddingRest }] = tables.prompts.rows;
    expect(total).toBeCloseTo(lead(own), 3);
    const written = [grids.heads, grids.mlps, grids.attentionRest].flatMap(({ values }) => [...values]); // biome-ignore format: one list
    const sum = written.reduce((all, one) => all + one, embedding + normBias + unembeddingRest);
    const told = notes.some(({ code }) => code === "INCOMPLETE");
    expect(told, `${name}: ${sum} of ${total}`).toBe(
      Math.abs(sum - total) > 0.05 * Math.abs(total),
    );
  });

  it("reads each prompt of a ragged batch with an edit of its own last position", async () => {
    const view = model.edit({ finalNorm: atPositions([-1], scale(0.5)) } as never);
    const prompts = [clean, clean.slice(0, 3)];
    const lens = await logitLens(view, prompts, { layers: [-1], topK: 1, answer: 3 });
    const [, first] = await logitLens(view, prompts, { layers: [-1], topK: 1, answer: 3, positions: [0] }); // biome-ignore format: one call
    expect(first.grids.answerLogit!.values[0]).toBeCloseTo(lens[1].grids.answerLogit!.values[0], 4);
    for (const [row, prompt] of prompts.entries()) {
      const alone = (await view.run([prompt])).get("output").index(0);
      const { answerLogit } = lens[row].grids;
      expect(answerLogit!.values).toHaveLength(prompt.length);
      const expected = [...toFlat(alone.index(mx.Slice(), 3))];
      for (const [at, value] of expected.entries()) expect(answerLogit!.values[at]).toBeCloseTo(value, 4); // biome-ignore format: one line
    }
  });

  it("scores an answer of several tokens with an edit of the last position only", async () => {
    const view = model.edit({ finalNorm: atPositions([-1], scale(0.5)) } as never);
    const sequence = [3, 11];
    const { tables } = await activationPatching(view, { clean, corrupted }, { answer: { sequence }, layers: [0], positions: [1] }); // biome-ignore format: one call
    const rows = ((await view.run([[...clean, 3]])).get("output").tolist() as number[][][])[0].slice(-2); // biome-ignore format: one line
    const likely = rows.reduce((sum, row, at) => sum + row[sequence[at]] - Math.log(row.reduce((all, one) => all + Math.exp(one), 0)), 0); // biome-ignore format: one sum
    expect(tables.baselines.rows[0].clean).toBeCloseTo(likely, 3);
  });
});
