/** How texts are generated where a checkpoint's generation_config.json says so, and nobody else. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { writeCheckpoint } from "../test-support/checkpoints.js";

async function modelWith(generation: object) {
  const folder = writeCheckpoint();
  writeFileSync(join(folder, "generation_config.json"), JSON.stringify(generation));
  return loadModel(folder);
}

const prompt = [[3, 1, 4]];

describe("a checkpoint's generation_config.json", () => {
  it("is what options are that nobody gives", async () => {
    const drawn = await modelWith({
      ...{ do_sample: true, temperature: 0.7, top_p: 0.9, repetition_penalty: 1.2 },
      max_new_tokens: 6,
    });
    const plain = await loadModel(writeCheckpoint());
    const same = { temperature: 0.7, topP: 0.9, topK: 50, repetitionPenalty: 1.2, maxTokens: 6 };
    expect(drawn.generationDefaults).toEqual(same);
    const options = { ignoreEos: true, seed: 3 };
    const [found, expected] = [
      await drawn.generateText(prompt, options),
      await plain.generateText(prompt, { ...options, ...same }),
    ];
    expect(found.tokens).toEqual(expected.tokens);
    expect(found.tokens).toHaveLength(6);
    expect(drawn.notes.join()).toContain("temperature 0.7, topK 50, topP 0.9");
  });

  it("is overruled one by one, and the most likely token needs no cuts", async () => {
    const model = await modelWith({ do_sample: true, temperature: 0.7, top_k: 3 });
    const plain = await loadModel(writeCheckpoint());
    const options = { temperature: 0, maxTokens: 8, ignoreEos: true };
    const { tokens } = await model.generateText(prompt, options);
    expect(tokens).toEqual((await plain.generateText(prompt, options)).tokens);
  });

  it("draws nothing where it does not say do_sample, and ends at each of its marks", async () => {
    const model = await modelWith({ temperature: 0.7, top_k: 3, eos_token_id: [5, 7, 9] });
    expect(model.generationDefaults).toEqual({});
    expect(model.eosTokens).toEqual([5, 7, 9]);
  });

  it("says what of it is not applied, and refuses what is no number", async () => {
    expect((await modelWith({ num_beams: 4, typical_p: 1 })).notes).toEqual([
      "num_beams 4 of generation_config.json is not applied.",
    ]);
    await expect(modelWith({ do_sample: true, top_p: "high" })).rejects.toMatchObject({
      ...{ code: "UNSUPPORTED_CONFIG", field: "top_p" },
    });
  });
});
