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
  it("gives penalty and number of tokens where options say nothing, and draws when asked to", async () => {
    const brought = await modelWith({
      ...{ do_sample: true, temperature: 0.7, top_p: 0.9, repetition_penalty: 1.2 },
      max_new_tokens: 6,
    });
    const plain = await loadModel(writeCheckpoint());
    const drawn = { temperature: 0.7, topP: 0.9, topK: 50, repetitionPenalty: 1.2, maxTokens: 6 };
    expect(brought.generationDefaults).toEqual(drawn);
    const same = async (asked: object, expected: object) => {
      const { tokens } = await brought.generateText(prompt, { ignoreEos: true, ...asked });
      const others = await plain.generateText(prompt, { ignoreEos: true, ...expected });
      expect(tokens).toEqual(others.tokens);
    };
    await same({}, { repetitionPenalty: 1.2, maxTokens: 6 });
    await same({ repetitionPenalty: 1, maxTokens: 9 }, { maxTokens: 9 });
    await same({ seed: 3, ...brought.generationDefaults }, { seed: 3, ...drawn });
    expect(brought.notes.join()).toContain(
      "would draw tokens with temperature 0.7, topK 50, topP 0.9",
    );
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
