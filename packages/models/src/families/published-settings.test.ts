/** Equality with transformers where published models of a family differ from one another: miniatures of each setting. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";

const parent = fileURLToPath(new URL("../../references", import.meta.url));
const names = readdirSync(parent, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe.each(names)("%s", (name) => {
  const loaded = (async () => {
    const folder = join(parent, name);
    const activations = readActivations(folder);
    return { model: await loadModel(folder), activations, prompt: rows(activations.input_ids) };
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
