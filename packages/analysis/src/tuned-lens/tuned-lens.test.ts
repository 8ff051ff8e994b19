/** A tuned lens beside the logit lens: against `logitLens` with and without its translators, on prompts that were not trained on. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { compare, resultsFromJson, toJson, valueAt } from "@mlxterp/results";
import { afterAll, describe, expect, it } from "vitest";
import { loadLens } from "../lens-translators/lens-files.js";
import { logitLens } from "../logit-lens/logit-lens.js";
import { rerun } from "../rerun.js";
import { gpt2Like } from "../shared/test-support.js";
import { tunedLensMethod } from "./method.js";
import { trainTunedLens } from "./train-tuned-lens.js";
import { tunedLens } from "./tuned-lens.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-tuned-"));
afterAll(() => rmSync(folder, { recursive: true }));
const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.2 });
const model = new LanguageModel(decoder, { config: gpt2Like });
const texts = Array.from({ length: 12 }, (_, row) => Array.from({ length: 9 - (row % 3) }, (_, at) => (row * 37 + at * 11) % 300)); // biome-ignore format: one list
const training = { steps: 12, batchSize: 4, learningRate: 0.02 };

/** The mean over a prompt's positions of KL(final ‖ lens), by depth, as the logit lens reads it. */
async function distances(prompt: number[], lens?: string) {
  const { grids } = await logitLens(model, prompt, {
    kl: true,
    ...(lens && { translators: lens }),
  });
  return [0, 1, 2].map((depth) => {
    const own = [...grids.divergence!.values].slice(depth * prompt.length, (depth + 1) * prompt.length); // biome-ignore format: one line
    return own.reduce((sum, one) => sum + one, 0) / prompt.length;
  });
}

describe("tunedLens", () => {
  it("is what the logit lens reads of prompts that are held out, with and without it", async () => {
    const save = join(folder, "own");
    const found = await tunedLens(model, texts, { ...training, heldOut: 0.25, save });
    expect(found.tables.prompts.rows).toEqual([{ trained: 9, heldOut: 3 }]);
    expect(found.grids.loss!.labels.step).toHaveLength(12);
    const { trained, heldOut } = found.tables.prompts.rows[0];
    expect(trained + heldOut).toBe(texts.length);
    const again = await tunedLens(model, texts.slice(0, 2), { lens: save });
    expect(again.grids.loss).toBeUndefined();
    for (const [which, lens] of [
      ["logit lens", undefined],
      ["tuned lens", save],
    ] as const) {
      const each = [await distances(texts[0], lens), await distances(texts[1], lens)];
      for (const [depth, layer] of (["embedding", 0, 1] as const).entries()) {
        const expected = (each[0][depth] + each[1][depth]) / 2;
        expect(valueAt(again.grids.divergence, { lens: which, layer })).toBeCloseTo(expected, 4);
      }
    }
    for (const { tunedLens: tuned, logitLens: plain } of found.tables.layers.rows) {
      expect(tuned).toBeLessThan(plain);
    }
  });

  it("trains on texts and lines of a file, holds the prompts out, and runs again without either file", async () => {
    const numbers = new LanguageModel(decoder, { config: gpt2Like, tokenizer: { encode: (text: string) => text.split(" ").map(Number), decode: (ids: number[]) => ids.join(" "), pieces: (ids: number[]) => ids.map(String), vocabSize: 300 } as never }); // biome-ignore format: one model
    const file = join(folder, "texts.txt");
    writeFileSync(file, `${texts.slice(4).map((ids) => ids.join(" ")).join("\n\n")}\n`); // biome-ignore format: one call
    const save = join(folder, "published");
    const asked = { ...training, file, save, format: "torch" as const };
    const found = await tunedLens(numbers, texts.slice(0, 2), asked);
    expect(found.tables.prompts.rows).toEqual([{ trained: 8, heldOut: 2 }]);
    expect(readdirSync(save).sort()).toEqual(["config.json", "params.pt"]);
    expect((await loadLens(save)).depths).toBe(3);
    rmSync(save, { recursive: true });
    rmSync(file);
    const [stored] = resultsFromJson(toJson(found));
    expect(compare(stored, await rerun(numbers, tunedLensMethod, stored as never))).toBeUndefined();
    expect(readdirSync(folder)).not.toContain("published");
  });

  it("says so where nothing is held out, and refuses a file without texts", async () => {
    const { notes } = await tunedLens(model, texts[0], { ...training, steps: 1 });
    expect(notes.map(({ code }) => code)).toEqual(["NOT_HELD_OUT"]);
    const file = join(folder, "empty.txt");
    writeFileSync(file, "\n \n");
    await expect(tunedLens(model, texts[0], { file })).rejects.toThrow(
      "no text in any of its lines",
    );
    await expect(tunedLens(model, texts[0], { file: join(folder, "none") })).rejects.toMatchObject({ code: "FILE_ACCESS" }); // biome-ignore format: one line
    await expect(trainTunedLens(model, texts, 9 as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" }); // biome-ignore format: one line
  });
});
