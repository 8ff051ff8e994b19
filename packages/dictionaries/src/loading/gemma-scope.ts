/** Gemma Scope: `params.npz`, and the transcoders of its second edition in `params.safetensors`, of one layer or across all. */
import { type MxArray, mx, readNumpyArchive } from "@mlxterp/mlx";
import { completeConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryFormatError, DictionaryShapeError } from "../shared/errors.js";
import { CrossLayerTranscoder, type CrossLayerWeights } from "../transcoders/cross-layer.js";
import { optional, required, type Tensors, tensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

/** Either of one layer, or of all layers in one tensor each. */
export function loadGemmaScope(
  file: string,
  options: LoadDictionaryOptions,
): Dictionary | CrossLayerTranscoder {
  const tensors = file.endsWith(".npz") ? readNumpyArchive(file) : tensorsOf(file);
  const encoder = either(file, tensors, "W_enc");
  return encoder.ndim === 3
    ? acrossLayers(file, tensors, encoder)
    : ofOneLayer(file, tensors, encoder, options);
}

/** Repositories of transcoders, as they are called in the hub and in its cache. */
const ofTranscoders = /gemma-scope-[^\\/]*-transcoders/;

function ofOneLayer(
  file: string,
  tensors: Tensors,
  encoder: MxArray,
  options: LoadDictionaryOptions,
): Dictionary {
  const isArchive = file.endsWith(".npz");
  if (encoder.ndim !== 2) {
    throw new DictionaryShapeError(`"W_enc" of ${file}`, ["…", "…"], encoder.shape);
  }
  const decoder = either(file, tensors, "W_dec");
  const skip = optional(file, tensors, "affine_skip_connection");
  const [inputWidth, features] = encoder.shape;
  const config = completeConfig({
    kind: options.kind ?? (isArchive && !ofTranscoders.test(file) ? "autoencoder" : "transcoder"),
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

/**
 * What each layer reads is the residual stream before its MLP, as the published ones are; a feature writes into its own layer and later ones.
 *
 * @param encoder (layers, input, features)
 */
function acrossLayers(file: string, tensors: Tensors, encoder: MxArray): CrossLayerTranscoder {
  const [layers] = encoder.shape;
  const decoder = required(file, tensors, decoderName(tensors), 4); // (layers, features, layers, output)
  if (decoder.shape[0] !== layers || decoder.shape[2] !== layers) {
    throw new DictionaryShapeError(`"W_dec" of ${file}`, [layers, "…", layers, "…"], decoder.shape);
  }
  const skip = optional(file, tensors, "affine_skip_connection");
  const vectors = (name: string) => required(file, tensors, name, 2);
  const [encoderBias, decoderBias, threshold] = ["b_enc", "b_dec", "threshold"].map(vectors);
  const weights = Array.from({ length: layers }, (_, layer): CrossLayerWeights => {
    const own = decoder.index(layer); // (features, layers, output)
    refuseEarlier(file, own, layer);
    return {
      ...{ encoder: encoder.index(layer), encoderBias: encoderBias.index(layer) },
      decoder: own.index(mx.Slice(), mx.Slice(layer)),
      ...{ decoderBias: decoderBias.index(layer), threshold: threshold.index(layer) },
      skip: skip?.index(layer),
    };
  });
  return new CrossLayerTranscoder(weights, { input: "hook_resid_mid", output: "hook_mlp_out" });
}

/** A feature cannot write into a layer that has run before it is read. */
function refuseEarlier(file: string, decoder: MxArray, layer: number): void {
  if (layer === 0) return;
  const earlier = mx.max(mx.abs(decoder.index(mx.Slice(), mx.Slice(0, layer))));
  if (Number(earlier.item()) === 0) return;
  throw new DictionaryFormatError(file, `features of layer ${layer} write into earlier layers.`);
}

function decoderName(tensors: Tensors): string {
  return Object.hasOwn(tensors, "W_dec") ? "W_dec" : "w_dec";
}

/** Older files have small letters. */
function either(file: string, tensors: Tensors, name: string) {
  const small = name[0].toLowerCase() + name.slice(1);
  return required(file, tensors, Object.hasOwn(tensors, name) ? name : small);
}
