/** Writes a model as a folder of its family's layout, which `loadModel` and `transformers` read. */

import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { checkModel } from "@mlxterp/core";
import {
  checkBoolean,
  checkChoice,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  dtypeName,
  isFloating,
  type MxArray,
  mx,
  type OptionNames,
} from "@mlxterp/mlx";
import { UnsupportedSaveError } from "../../errors.js";
import type { QuantizationScheme } from "../../packed/scheme.js";
import type { SavableModel } from "../checkpoint.js";
import { configFile } from "../files/checkpoint-files.js";
import { writeFolder } from "./atomic-folder.js";
import { readExactJson, writeExactJson } from "./exact-json.js";
import { collectTensors } from "./saved-tensors.js";
import { writeShards } from "./shards.js";

export interface SaveOptions {
  /** Default: what the weights are held in, so that nothing is rounded. */
  readonly dtype?: "float32" | "float16" | "bfloat16";
  /** Writes packed weights as the numbers they stand for, which `transformers` needs. Default: packed, as mlx-lm reads them. */
  readonly unpacked?: boolean;
  /** Replaces a folder that has files in it. Default: an error. */
  readonly overwrite?: boolean;
  /** The size from which weights go into several files. Default: 5 GB. */
  readonly shardBytes?: number;
}

const optionNames: OptionNames<SaveOptions> = {
  dtype: (argument, value) => checkChoice(argument, value, ["float32", "float16", "bfloat16"]),
  ...{ unpacked: checkBoolean, overwrite: checkBoolean, shardBytes: checkPositiveInteger },
};

/** What belongs to the tokenizer, to generation and to pooling; copied as it is. */
const companions =
  /^(modules\.json|config_sentence_transformers\.json|\d+_(Pooling|Normalize)|tokenizer.*|special_tokens_map\.json|added_tokens\.json|vocab\.(json|txt)|merges\.txt|spiece\.model|generation_config\.json|chat_template\..*)$/;

/**
 * Saves a loaded model with its current weights: a live adapter is added to them. The folder appears
 * complete or not at all.
 *
 * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`) for a model that was not loaded, a view with edits, or a folder in use,
 * IncompleteWriteError (`INCOMPLETE_WRITE`) when the disk is full, InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist
 */
export async function saveModel(
  model: SavableModel,
  folder: string,
  options: SaveOptions = {},
): Promise<void> {
  checkOptions("save", options, optionNames);
  checkModel("model", model);
  checkPath("folder", folder);
  const { checkpoint, module } = model;
  if (!checkpoint) {
    throw new UnsupportedSaveError(
      model.name,
      "this model does not come from a checkpoint in Hugging Face's layout, so it has none to be written in. Its arrays are in model.module.parameters().",
    );
  }
  if (model.edits.length > 0) {
    const names = model.edits.map(({ name }) => name).join(", ");
    const rule = `a folder holds weights only, so the edits of this view (${names}) would be lost. Save its original, and its edits with saveEdits.`;
    throw new UnsupportedSaveError(model.name, rule);
  }
  const { unpacked = false, dtype, shardBytes = 5e9 } = options;
  const { arrays, schemes } = collectTensors(module, checkpoint.tensors, unpacked);
  const cast = dtype ? castFloating(arrays, dtype) : arrays;
  await writeFolder(folder, options.overwrite ?? false, async (temporary) => {
    await writeShards(temporary, cast, shardBytes);
    const { quantization, quantization_config, ...config } = readExactJson(checkpoint.configText);
    const changed = { ...config, ...dtypeFields(cast, config), ...packing(schemes) };
    writeFileSync(join(temporary, configFile), writeExactJson(changed));
    copyCompanions(checkpoint.folder, temporary);
  });
}

/** Codes stay as they are. */
function castFloating(
  arrays: Readonly<Record<string, MxArray>>,
  dtype: "float32" | "float16" | "bfloat16",
): Record<string, MxArray> {
  const cast = (x: MxArray) => (isFloating(x.dtype) ? x.astype(mx[dtype]) : x);
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, cast(array)]));
}

/** The dtype under the name that the checkpoint uses for it, old or new. */
function dtypeFields(
  arrays: Readonly<Record<string, MxArray>>,
  config: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const first = Object.values(arrays).find(({ dtype }) => isFloating(dtype));
  const field = "torch_dtype" in config ? "torch_dtype" : "dtype";
  return first ? { [field]: dtypeName(first.dtype) } : {};
}

/** `quantization` as mlx-lm writes it: the commonest scheme, and the layers that differ. */
function packing(schemes: ReadonlyMap<string, QuantizationScheme>): Record<string, unknown> {
  const written = [...schemes].map(
    ([module, { bits, groupSize }]) => [module, { group_size: groupSize, bits }] as const,
  );
  const texts = written.map(([, scheme]) => JSON.stringify(scheme));
  const count = (text: string) => texts.filter((other) => other === text).length;
  const common = texts.toSorted((a, b) => count(b) - count(a))[0];
  if (common === undefined) return {};
  const different = written.filter((_, index) => texts[index] !== common);
  const quantization = { ...JSON.parse(common), ...Object.fromEntries(different) };
  return { quantization, quantization_config: quantization };
}

function copyCompanions(from: string, to: string): void {
  if (!existsSync(from)) {
    throw new UnsupportedSaveError(
      from,
      "the folder of the checkpoint is gone, and its tokenizer with it.",
    );
  }
  for (const name of readdirSync(from)) {
    if (companions.test(basename(name)))
      cpSync(join(from, name), join(to, name), { recursive: true });
  }
}
