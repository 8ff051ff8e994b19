/** Texts are generated as they were asked for, whatever becomes of the options afterwards. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { loadModel } from "../index.js";

const ways = ["generate", "generateBatch", "generateText", "rollout", "rolloutBatch"] as const;

it.each(ways)("by %s", async (way) => {
  const model = await loadModel("tiny");
  const options = () => ({
    ...{ maxTokens: 3, ignoreEos: true, save: ["layers.0"] },
    interventions: { "layers.1": [(x: MxArray) => mx.multiply(x, 0)] },
  });
  const tokensOf = async (asked: ReturnType<typeof options>, change = () => undefined) => {
    const work = model[way](way.endsWith("Batch") ? ["Mary"] : "Mary", asked) as object;
    change();
    const steps: unknown[] = [];
    if (Symbol.asyncIterator in work) {
      for await (const step of work as AsyncIterable<object>) steps.push(step);
    } else steps.push(await work);
    return JSON.stringify(steps.map((step) => step), (name, value) =>
      ["provenance", "activations", "saved", "steps"].includes(name) ? undefined : value,
    ); // biome-ignore format: one call
  };
  const asked = options();
  const changed = await tokensOf(asked, () => {
    asked.maxTokens = 1;
    asked.interventions["layers.1"].length = 0;
    asked.save[0] = "layers.9";
    return undefined;
  });
  expect(changed).toBe(await tokensOf(options()));
});

it("not by what is no object of options, or hides them", async () => {
  const model = await loadModel("tiny");
  const hidden = Object.create({ maxTokens: 2 }) as object;
  for (const wrong of [new Map([["maxTokens", 2]]), Promise.resolve({ maxTokens: 2 }), hidden]) {
    const code = "INVALID_ARGUMENT";
    await expect(model.generateText("Mary", wrong as object)).rejects.toMatchObject({ code });
    await expect(model.generate("Mary", wrong as object).next()).rejects.toMatchObject({ code });
    const interventions = wrong as never;
    await expect(model.run("Mary", { interventions })).rejects.toMatchObject({ code });
  }
});
