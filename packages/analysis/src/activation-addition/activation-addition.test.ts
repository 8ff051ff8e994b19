/** Activation addition, against sums written out, and against the prompt that it must lead to. */
import { mx } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import { activationAddition } from "./activation-addition.js";

const config = llamaLike;
const decoder = initializeWeights(new Decoder(config), { seed: 6, deviation: 0.35 });
const model = new LanguageModel(decoder, { config });
const [prompt, toward, from] = [[5, 17, 2, 25, 9], [3, 8, 1], [40, 2]]; // biome-ignore format: three prompts

async function at(site: string, ids: readonly number[], interventions = {}) {
  return (await model.run([ids], { save: site, interventions })).get(site);
}

describe("activationAddition", () => {
  it.each(["layers.1", "layers.0.mlp"])(
    "adds to every position of %s what it says",
    async (site) => {
      const last = async (ids: readonly number[]) => (await at(site, ids)).index(0, -1);
      const difference = mx.subtract(await last(toward), await last(from));
      const expected = mx.add(await at(site, prompt), mx.multiply(difference, -2.5));
      const steer = await activationAddition(model, { site, toward, from, factor: -2.5 });
      const found = await at(site, prompt, steer);
      expect(largestDifference(found.tolist(), expected.tolist())).toBeLessThan(1e-4);
    },
  );

  it("turns the last token of one prompt into that of the other where all of the difference is added", async () => {
    const steer = await activationAddition(model, { site: "layers.2", toward, from });
    const steered = (await model.run([from], { interventions: steer })).last("output");
    const wanted = (await model.run([toward])).last("output");
    expect(largestDifference(steered.tolist(), wanted.tolist())).toBeLessThan(1e-3);
  });

  it("adds several at one site, and takes the activation itself without a second prompt", async () => {
    const one = { site: "layers.1", toward };
    const twice = await activationAddition(model, one, { ...one, factor: -1 });
    const found = await at("layers.1", prompt, twice);
    const intact = await at("layers.1", prompt);
    expect(largestDifference(found.tolist(), intact.tolist())).toBeLessThan(1e-4);
  });

  it("refuses sites that are several or hold no stream, and options that do not exist", async () => {
    const add = (site: string) => activationAddition(model, { site, toward });
    await expect(add("layers.*")).rejects.toThrow("must be one site of shape");
    await expect(add("layers.0.selfAttn.z")).rejects.toThrow("must be one site of shape");
    const misspelt = { site: "layers.1", toward, factr: 2 } as never;
    await expect(activationAddition(model, misspelt)).rejects.toThrow("factr");
  });
});
