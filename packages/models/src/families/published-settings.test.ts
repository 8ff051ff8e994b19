/** Equality with transformers where published models of a family differ from one another: miniatures of each setting. */
import { describe, expect, it } from "vitest";
import { loadAny } from "../test-support/load-any.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder, settingNames } from "../test-support/reference-folders.js";

describe.each(settingNames)("%s", (name) => {
  const loaded = (async () => {
    const folder = referenceFolder(name);
    const activations = readActivations(folder);
    return { model: await loadAny(folder), activations, prompt: rows(activations.input_ids) };
  })();

  it("has transformers' hidden states and logits", async () => {
    const { model, activations, prompt } = await loaded;
    const cache = await model.run(prompt, { save: ["layers.*.input", "output"] });
    const { hidden, logits } = activations; // (layers, batch, position, hidden)
    for (let layer = 0; layer < hidden.shape[0]; layer++) {
      const stream = cache.get(`layers.${layer}.input`);
      expect(maxDifference(stream, hidden.index(layer)), `layer ${layer}`).toBeLessThan(1e-4);
    }
    expect(maxDifference(cache.get("output"), logits)).toBeLessThan(1e-4);
  });
});
