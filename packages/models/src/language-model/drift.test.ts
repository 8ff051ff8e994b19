/** Drift against the formula, in double precision on the host. */
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { llamaJson, llamaTensors, writeCheckpoint } from "../test-support/checkpoints.js";
import { smallModel } from "../test-support/models.js";

const prompts = [
  [3, 1, 4, 1, 5],
  [9, 2, 6],
];
const quantize = { bits: 4, groupSize: 32 };

function distributions(logits: MxArray): number[][] {
  const vocab = logits.shape[2];
  const flat = [...toFlat(logits)];
  return Array.from({ length: flat.length / vocab }, (_, row) => {
    const powers = flat.slice(row * vocab, (row + 1) * vocab).map(Math.exp);
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  });
}

const likeliest = (p: readonly number[]) => p.indexOf(Math.max(...p));

describe("drift", () => {
  it("of a model that predicts NaN is refused with the site, not averaged", async () => {
    const [broken, sound] = [await loadModel("tiny"), await loadModel("tiny")];
    const norm = broken.module.layers[1].inputNorm as { weight: MxArray };
    norm.weight = mx.multiply(norm.weight, Number.NaN);
    const refusal = { code: "NOT_FINITE", first: { site: "layers.1.inputNorm", kind: "NaN" } };
    for (const [model, reference] of [
      [broken, sound],
      [sound, broken],
    ])
      await expect(model.quantizationDrift(prompts, { reference })).rejects.toMatchObject(refusal);
  });

  it("is the mean divergence and agreement over all real tokens", async () => {
    const folder = writeCheckpoint();
    const [packed, full] = [await loadModel(folder, { quantize }), await loadModel(folder)];
    const divergences: number[] = [];
    let agreed = 0;
    for (const prompt of prompts) {
      const [p, q] = [full, packed].map((model) => distributions(model.forward([prompt])));
      for (const [row, expected] of p.entries()) {
        const terms = expected.map((x, token) => x * Math.log(x / q[row][token]));
        divergences.push(terms.reduce((a, b) => a + b, 0));
        agreed += likeliest(expected) === likeliest(q[row]) ? 1 : 0;
      }
    }
    const drift = await packed.quantizationDrift(prompts);
    const mean = divergences.reduce((a, b) => a + b, 0) / 8;
    expect(drift.tokens).toBe(8);
    expect(drift.klDivergence).toBeCloseTo(mean, 5);
    expect(drift.maxKlDivergence).toBeCloseTo(Math.max(...divergences), 5);
    expect(drift.topAgreement).toBe(agreed / 8);
    expect(mean).toBeGreaterThan(1e-4);
  });

  it("is nothing between a model and itself, and shrinks with more bits", async () => {
    const folder = writeCheckpoint();
    const full = await loadModel(folder);
    const none = await full.quantizationDrift(prompts, { reference: full });
    expect(none).toEqual({ klDivergence: 0, maxKlDivergence: 0, topAgreement: 1, tokens: 8 });
    const eight = await loadModel(folder, { quantize: { ...quantize, bits: 8 } });
    const four = await loadModel(folder, { quantize });
    const [a, b] = [await eight.quantizationDrift(prompts), await four.quantizationDrift(prompts)];
    expect(a.klDivergence).toBeLessThan(b.klDivergence / 10);
  });

  it("needs full-precision weights of the same vocabulary", async () => {
    const made = smallModel().quantizationDrift(prompts);
    await expect(made).rejects.toBeInstanceOf(InvalidArgumentError);
    const model = await loadModel(writeCheckpoint());
    const larger = { ...llamaJson, vocab_size: 20 };
    const {
      "lm_head.weight": head,
      "model.embed_tokens.weight": rows,
      ...tensors
    } = llamaTensors();
    const pad = (matrix: MxArray) =>
      mx.pad(matrix, [
        [0, 1],
        [0, 0],
      ]);
    const weights = {
      ...tensors,
      "lm_head.weight": pad(head),
      "model.embed_tokens.weight": pad(rows),
    };
    const other = writeCheckpoint(larger, weights);
    const drift = model.quantizationDrift(prompts, { reference: other });
    await expect(drift).rejects.toThrow(/vocabulary of 20/);
  });
});
