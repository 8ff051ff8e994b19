/** Crosscoders of science-of-finetuning: `config.json` with `model.safetensors`, or a file of torch. */
import { type MxArray, mx } from "@mlxterp/mlx";
import {
  type CodeScale,
  Crosscoder,
  type CrosscoderConfig,
  type CrosscoderSelection,
  type CrosscoderWeights,
} from "../crosscoder/crosscoder.js";
import { UnknownDictionaryFieldError } from "../shared/errors.js";
import { FieldReader } from "./fields.js";
import { type Fields, optional, required, scalar, type Tensors } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

const scales: Readonly<Record<number, CodeScale>> = {
  ...{ 1: "sumOfNorms", 2: "jointNorm", 3: "mixed", 4: "none" },
};

/** Sizes, initialisation, and what the tensors say too. */
const harmless = [
  ...["activation_dim", "dict_size", "num_layers", "norm_init_scale", "init_with_transpose"],
  ...["same_init_for_all_layers", "activation_mean", "activation_std", "target_rms", "k"],
  "code_normalization",
];

/** @param given with the prefix of compiled modules taken off */
export function readCrosscoder(
  file: string,
  tensors: Tensors,
  fields: Fields,
  options: LoadDictionaryOptions,
): Crosscoder {
  const reader = new FieldReader(file, fields, options.ignore);
  for (const name of ["encoder_layers", "num_decoder_layers", "latent_processor"]) {
    reader.only(name, null);
  }
  const joint = reader.number("code_normalization_alpha_sae") ?? 1;
  const sum = reader.number("code_normalization_alpha_cc") ?? 0.1;
  reader.refuseOthers(harmless);
  const encoder = required(file, tensors, "encoder.weight", 3);
  const [sources, width, features] = encoder.shape;
  const config: CrosscoderConfig = {
    ...{ sources, width, features, mixture: [joint, sum] },
    scale: scaleOf(file, tensors),
    selection: selectionOf(file, tensors, options),
    format: "crosscoder",
  };
  const weights: CrosscoderWeights = {
    encoder,
    encoderBias: required(file, tensors, "encoder.bias", 1),
    decoder: required(file, tensors, "decoder.weight", 3),
    decoderBias: required(file, tensors, "decoder.bias", 2),
    normalization: normalizationOf(file, tensors),
  };
  return new Crosscoder(config, weights);
}

function scaleOf(file: string, tensors: Tensors): CodeScale {
  if (!Object.hasOwn(tensors, "code_normalization_id")) return "sumOfNorms"; // of older files
  const id = scalar(file, tensors, "code_normalization_id");
  const scale = scales[id];
  if (scale) return scale;
  throw new UnknownDictionaryFieldError(file, "code_normalization_id", id, "known are 1 to 4");
}

function selectionOf(
  file: string,
  tensors: Tensors,
  { select = "threshold" }: LoadDictionaryOptions,
): CrosscoderSelection {
  if (!Object.hasOwn(tensors, "k")) return { kind: "relu" };
  const k = scalar(file, tensors, "k");
  if (select === "batchTopK") return { kind: "batchTopK", k };
  return { kind: "threshold", threshold: scalar(file, tensors, "threshold"), k };
}

/** NaN stands for none. */
function normalizationOf(file: string, tensors: Tensors): CrosscoderWeights["normalization"] {
  const [mean, deviation] = ["activation_mean", "activation_std"].map((name) =>
    optional(file, tensors, name),
  );
  if (!mean || !deviation || hasNaN(mean) || hasNaN(deviation)) return undefined;
  const target = Object.hasOwn(tensors, "target_rms") ? scalar(file, tensors, "target_rms") : 1;
  const given = optional(file, tensors, "activation_global_scale");
  const factor = given && !hasNaN(given) ? Number(given.item()) : factorOf(deviation, target);
  return { mean, factor };
}

function factorOf(deviation: MxArray, target: number): number {
  return target / Math.sqrt(Number(mx.sum(mx.square(deviation)).item()) + 1e-8);
}

function hasNaN(array: MxArray): boolean {
  return Boolean(mx.any(mx.isnan(array)).item());
}
