/** A scan of a language model: shapes from its config, bytes as a run then takes them. */
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";

const model = await loadModel("tiny");
const prompts = ["Mary and John went to the store", "Mary and"];
const save = ["**", "**.input", "output"];

describe("a scan of the model that comes along", () => {
  const scan = model.scan(prompts);
  const { layers, hidden, vocab } = model.config;
  const { heads, headDim } = layers[0].attention;
  const [batch, position] = [2, Math.max(...model.tokens(prompts).lengths)];

  it("has the shapes of its config", () => {
    const shapes = Object.fromEntries(scan.sites.map(({ site, shape }) => [site, shape]));
    expect(shapes).toMatchObject({
      [`layers.${layers.length - 1}`]: [batch, position, hidden],
      "layers.0.selfAttn.pattern": [batch, heads, position, position],
      "layers.0.selfAttn.z": [batch, position, heads, headDim],
      "layers.0.selfAttn.result": [batch, position, heads, hidden],
      output: [batch, position, vocab],
    });
    expect(scan.unreached).toEqual([]);
  });

  it("counts what a run takes, and a run that spills has the same numbers", async () => {
    const run = await model.run(prompts, { save });
    expect(scan.bytes(save)).toBe(run.nbytes);
    using spilled = await model.run(prompts, { save, spill: { budget: "100KB" } });
    expect(spilled.memoryBytes).toBe(0);
    for (const [site, value] of spilled) {
      expect(value.tolist(), site).toEqual(run.get(site).tolist());
    }
  });
});
