/** Gemma Scope: `params.npz`, and the transcoders of its second edition in `params.safetensors`. */
import { readNumpyArchive } from "@mlxterp/mlx";
import { completeConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryFormatError } from "../shared/errors.js";
import { optional, required, type Tensors, tensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

export function loadGemmaScope(file: string, options: LoadDictionaryOptions): Dictionary {
  const isArchive = file.endsWith(".npz");
  const tensors = isArchive ? readNumpyArchive(file) : tensorsOf(file);
  const encoder = either(file, tensors, "W_enc");
  if (encoder.ndim !== 2) {
    throw new DictionaryFormatError(
      file,
      "its encoders of all layers are in one tensor; only single layers are read.",
    );
  }
  const decoder = either(file, tensors, "W_dec");
  const skip = optional(tensors, "affine_skip_connection");
  const [inputWidth, features] = encoder.shape;
  const config = completeConfig({
    kind: isArchive ? "autoencoder" : "transcoder",
    ...{ inputWidth, features, outputWidth: decoder.shape[1] },
    activation: { kind: "jumpRelu", rectified: options.rectified ?? isArchive },
    format: isArchive ? "gemma-scope" : "gemma-scope-2",
  });
  return new Dictionary(config, {
    ...{ encoder, decoder, skip },
    encoderBias: required(file, tensors, "b_enc", 1),
    decoderBias: required(file, tensors, "b_dec", 1),
    threshold: required(file, tensors, "threshold", 1),
  });
}

/** Older files have small letters. */
function either(file: string, tensors: Tensors, name: string) {
  const small = name[0].toLowerCase() + name.slice(1);
  return required(file, tensors, Object.hasOwn(tensors, name) ? name : small);
}
