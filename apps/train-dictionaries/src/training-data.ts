/** Texts that a model wrote, and what it computed on them: what is trained on, and what is measured on. */
import { join } from "node:path";
import { type ActivationStore, collectToDisk, openStore } from "@mlxterp/data";
import type { LanguageModel } from "@mlxterp/models";
import { kept } from "./kept.js";
import { sampleTexts } from "./sample-texts.js";
import type { Settings } from "./settings.js";

/** What is read, and for the layers' transcoders written. */
export interface Sites {
  readonly residual: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export function sitesOf(model: LanguageModel, { layer }: Settings): Sites {
  const { layers } = model.anatomy;
  const each = Array.from({ length: layers }, (_, at) => at);
  return {
    residual: `layers.${layer}`,
    inputs: each.map((at) => `layers.${at}.postAttentionNorm`),
    outputs: each.map((at) => `layers.${at}.mlp`),
  };
}

/** Rows of every site, of the tokens after each first one, where attention sinks. */
export async function trainingRows(
  model: LanguageModel,
  { residual, inputs, outputs }: Sites,
  settings: Settings,
  work: string,
): Promise<ActivationStore> {
  const { sequences, length, seed } = settings;
  const asked = { model: settings.model, sequences, length, seed };
  const texts = await kept(join(work, "texts.json"), asked, () => sampleTexts(model, asked));
  const folder = join(work, "activations");
  const save = [residual, ...inputs, ...outputs];
  await collectToDisk(model, texts, { folder, save, positions: { from: 1 }, batchSize: 32 });
  return await openStore(folder);
}

/** Written with other numbers drawn, so that nothing is measured on what was trained on. */
export function heldOutTexts(
  model: LanguageModel,
  settings: Settings,
  work: string,
): Promise<number[][]> {
  const { heldOut: sequences, length, seed } = settings;
  const asked = { model: settings.model, sequences, length, seed: seed + 1_000_003 };
  return kept(join(work, "held-out.json"), asked, () => sampleTexts(model, asked));
}
