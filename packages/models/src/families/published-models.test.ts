/** Published models by the config.json that they have: each has the parameters that transformers gives it, and turns as it does there. */
import { describe, expect, it } from "vitest";
import { settleRandomState } from "../decoder/random-state.js";
import { publishedModels, readPublished, type Turning } from "../test-support/published-models.js";
import { sweep } from "../test-support/sweeps.js";

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-4 * Math.abs(b);

const alike = (a: Turning, b: Turning) =>
  a.pairs === b.pairs &&
  close(a.factor, b.factor) &&
  a.waves.every((wave, index) => close(wave, b.waves[index]));

describe("a published model", () => {
  const isOption = ({ name }: { readonly name: string }) => name.startsWith("option: ");
  const options = publishedModels.filter(isOption).map((model) => {
    return { ...model, name: `${model.modelType}, ${model.name}` };
  });
  const swept = sweep(options, [
    ...["apertus", "deepseek_v2", "hunyuan_v1_dense"].map((family) => `${family}, option: biases of the MLP the other way`), // biome-ignore format: one list
    ...["mamba2", "qwen3_5_moe_text"].map((family) => `${family}, option: another nonlinearity`),
    ...["hunyuan_v1_dense", "glm4_moe", "helium"].map((family) => `${family}, option: yarn`),
    ...["llama4_text", "exaone4", "phimoe"].map((family) => `${family}, option: one head of keys`),
    ...["ministral, option: no list of layers", "recurrent_gemma, option: tied the other way"],
  ]);
  const published = publishedModels.filter((model) => !isOption(model));
  const cases = [...published, ...swept].map(
    (model) => [model.modelType, model.name, model] as const,
  );

  it.each(cases)("%s: %s is read as transformers reads it", (_, __, { json, is, refused }) => {
    if (refused) {
      expect(() => readPublished(json)).toThrow(new RegExp(`: ${refused}\\b.* is `));
      return;
    }
    const read = readPublished(json);
    settleRandomState(); // nothing of the random weights is computed
    if (!is) return;
    expect(read.parameters).toBe(is.parameters);
    const turning = Object.values(read.rotation ?? {});
    for (const [kind, expected] of Object.entries(read.rotation ? (is.rotation ?? {}) : {})) {
      expect(
        turning.some((one) => alike(one, expected)),
        `${kind}: ${JSON.stringify(turning)}`,
      ).toBe(true);
    }
  });

  it("leaves nothing out in silence: fields of later versions are refused in each of them", () => {
    for (const { json } of publishedModels.filter(({ refused }) => !refused).slice(0, 40)) {
      const attempt = () => readPublished({ ...json, attention_sink_size: 4 });
      expect(attempt).toThrow(/attention_sink_size is 4/);
    }
  });
});
