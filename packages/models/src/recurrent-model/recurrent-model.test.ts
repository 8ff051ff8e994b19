/** Recurrent and hybrid models are verified and folded as decoders are. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import { UnsupportedFoldError } from "../errors.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { recurrentFolders, referenceFolder } from "../test-support/reference-folders.js";
import { RecurrentModel } from "./recurrent-model.js";

const load = (path: string) => loadModel(referenceFolder(path), { as: RecurrentModel });

describe("verify()", () => {
  it.each(["mamba/base", "qwen3_next/base", "recurrent_gemma/base"])(
    "passes on %s",
    async (path) => {
      const { passed, invariants } = await (await load(path)).verify();
      expect(invariants.filter((invariant) => !invariant.passed)).toEqual([]);
      expect(passed).toBe(true);
      const states = invariants.find(({ name }) => name === "states unroll");
      expect(states?.notApplicable).toBeUndefined();
      expect(states?.magnitude).toBeGreaterThan(0.1);
    },
  );

  it("says what does not apply: nothing attends in Mamba", async () => {
    const { invariants } = await (await load("mamba/base")).verify();
    const attention = invariants.filter(({ notApplicable }) => notApplicable);
    expect(attention.map(({ name }) => name)).toEqual(["pattern mixes values", "heads add up"]);
  });

  it("finds states that are not what decays and writes make of them", async () => {
    const model = await load("mamba/base");
    const broken = model.edit({ "layers.1.mixer.state": (x) => mx.multiply(x, 1.01) });
    const { passed, invariants } = await broken.verify();
    expect(passed).toBe(false);
    const states = invariants.find(({ name }) => name === "states unroll");
    expect(states).toMatchObject({ passed: false, where: "layers.1.mixer.state" });
  });
});

describe("folded()", () => {
  it.each(recurrentFolders())(
    "$name has transformers' logits without the norms' weights",
    async ({ folder }) => {
      const folded = await (await loadModel(folder, { as: RecurrentModel })).folded();
      const { input_ids, logits } = readActivations(folder);
      expect(maxDifference(folded.forward(rows(input_ids)), logits)).toBeLessThan(1e-4);
      for (const { inputNorm } of folded.module.layers) {
        const { weight, unitOffset } = inputNorm;
        expect(weight && maxDifference(weight, mx.full(weight.shape, unitOffset ? 0 : 1))).toBe(0);
      }
    },
  );

  it("centres what may be centred, and refuses the rest by name", async () => {
    const model = await load("mamba/base");
    const { input_ids, logits } = readActivations(referenceFolder("mamba/base"));
    const centred = await model.folded({ centreUnembedding: true });
    const shift = mx.subtract(centred.forward(rows(input_ids)), logits);
    expect(
      maxDifference(shift, mx.broadcastTo(mx.mean(shift, -1, true), shift.shape)),
    ).toBeLessThan(1e-4);
    await expect(model.folded({ centreWrites: true })).rejects.toThrow(UnsupportedFoldError);
    const gemma = await load("recurrent_gemma/base");
    await expect(gemma.folded({ centreUnembedding: true })).rejects.toThrow(/capped/);
    const edited = model.edit({ "layers.0": (x) => x });
    await expect(edited.folded()).rejects.toThrow(/fold the model, then edit/);
  });
});
