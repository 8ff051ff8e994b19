/** Texts that a model wrote, and what it computed on them: what is trained on, and what is measured on. */
import { join } from "node:path";
import { type ActivationStore, collectToDisk, openStore } from "@mlxterp/data";
import type { LanguageModel } from "@mlxterp/models";
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
  const texts = await sampleTexts(model, { sequences, length, seed });
  const folder = join(work, "activations");
  const save = [residual, ...inputs, ...outputs];
  await collectToDisk(model, texts, { folder, save, positions: { from: 1 }, batchSize: 32 });
  return await openStore(folder);
}

/** Written with other numbers drawn, so that nothing is measured on what was trained on. */
export function heldOutTexts(model: LanguageModel, settings: Settings): Promise<number[][]> {
  const { heldOut, length, seed } = settings;
  return sampleTexts(model, { sequences: heldOut, length, seed: seed + 1_000_003 });
}
