/** Writes a crosscoder in the layout of science-of-finetuning, so that Python reads it back. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { checkPath, mx, withFile, writeFileAtomically, writeTensors } from "@mlxterp/mlx";
import { checkCrosscoder } from "../crosscoder/check-crosscoder.js";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import { UnsupportedDictionarySaveError } from "../shared/errors.js";
import { contiguous } from "./contiguous.js";

/** What that layout calls the units of features, by number and by word. */
const units = {
  ...{ sumOfNorms: [1, "CROSSCODER"], jointNorm: [2, "SAE"], mixed: [3, "MIXED"] },
  none: [4, "NONE"],
} as const;

/**
 * Writes `config.json` and `model.safetensors` into a folder.
 *
 * @throws UnsupportedDictionarySaveError (`UNSUPPORTED_DICTIONARY_SAVE`) for one whose features depend on the batch, since no threshold
 * is known; FileAccessError (`FILE_ACCESS`), IncompleteWriteError (`INCOMPLETE_WRITE`)
 * @example
 * await saveCrosscoder(loadCrosscoder("tiny"), "my-crosscoder");
 * loadCrosscoder("my-crosscoder").config.features; // 128
 */
export async function saveCrosscoder(crosscoder: Crosscoder, folder: string): Promise<void> {
  checkCrosscoder("crosscoder", crosscoder);
  checkPath("folder", folder);
  const { config, weights } = crosscoder;
  const { sources, width, features, selection, scale, mixture } = config;
  if (selection.kind === "batchTopK") {
    const what = "features that are chosen among a batch (train on until a threshold is known)";
    throw new UnsupportedDictionarySaveError(what, "science-of-finetuning");
  }
  const { normalization } = weights;
  const chosen = selection.kind === "threshold" && {
    k: mx.array(selection.k ?? features, mx.int32),
    threshold: mx.array(selection.threshold),
  };
  const none = mx.full([sources, width], Number.NaN);
  withFile(folder, () => mkdirSync(folder, { recursive: true }));
  await writeTensors(join(folder, "model.safetensors"), {
    "encoder.weight": contiguous(weights.encoder),
    "encoder.bias": contiguous(weights.encoderBias),
    "decoder.weight": contiguous(weights.decoder),
    "decoder.bias": contiguous(weights.decoderBias),
    code_normalization_id: mx.array(Number(units[scale][0]), mx.int32),
    activation_mean: normalization ? contiguous(normalization.mean) : none,
    activation_std: normalization ? mx.ones([sources, width]) : none,
    activation_global_scale: mx.array(normalization?.factor ?? Number.NaN),
    target_rms: mx.array(1),
    ...chosen,
  });
  const settings = {
    ...{ activation_dim: width, dict_size: features, num_layers: sources },
    code_normalization: units[scale][1],
    ...{ code_normalization_alpha_sae: mixture[0], code_normalization_alpha_cc: mixture[1] },
    ...(selection.kind === "threshold" && { k: selection.k ?? features }),
  };
  writeFileAtomically(join(folder, "config.json"), `${JSON.stringify(settings, null, 2)}\n`);
}
