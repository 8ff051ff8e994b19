/** Folders of SAELens: `cfg.json` and `sae_weights.safetensors`, of version 6 and of those before. */
import { type MxArray, mx } from "@mlxterp/mlx";
import {
  completeConfig,
  type DictionaryConfig,
  type FeatureActivation,
} from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import type { DictionaryWeights } from "../dictionary/weights.js";
import { FieldReader } from "./fields.js";
import { optional, type Place, readFields, required, type Tensors, tensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";
import { harmlessFields, modernFields } from "./saelens-fields.js";

export const saelensWeights = "sae_weights.safetensors";

const architectures = [
  ...["standard", "gated", "jumprelu", "topk", "batchtopk", "matryoshka_batchtopk"],
  ...["transcoder", "skip_transcoder", "jumprelu_transcoder"],
] as const;

export function loadSaelens(place: Place, options: LoadDictionaryOptions): Dictionary {
  const file = place.at("cfg.json");
  const reader = new FieldReader(file, modernFields(readFields(file)), options.ignore);
  const weightsFile = place.at(saelensWeights);
  const tensors = tensorsOf(weightsFile);
  const config = readConfig(reader, tensors, options);
  reader.refuseOthers(harmlessFields);
  return new Dictionary(config, readWeights(weightsFile, tensors, config, reader));
}

function readConfig(
  reader: FieldReader,
  tensors: Tensors,
  { select }: LoadDictionaryOptions,
): DictionaryConfig {
  const architecture = reader.word("architecture", architectures) ?? "standard";
  const normalization = reader.word("normalize_activations", [
    "none",
    "constant_norm_rescale",
    "layer_norm",
    "expected_average_only_in",
  ]);
  const reshape = reader.word("reshape_activations", ["none", "hook_z"]);
  const inputWidth = need(reader, "d_in");
  const isTranscoder = architecture.endsWith("transcoder");
  const subtract = reader.boolean("apply_b_dec_to_input") ?? !isTranscoder;
  if (isTranscoder && subtract) throw reader.wrong("apply_b_dec_to_input", "false of a transcoder");
  const metadata = reader.inner("metadata") ?? {};
  const inMetadata = new FieldReader(reader.file, metadata, reader.ignored);
  inMetadata.only("hook_head_index", null);
  return completeConfig({
    kind: isTranscoder ? "transcoder" : "autoencoder",
    ...{ inputWidth, features: need(reader, "d_sae") },
    outputWidth: isTranscoder ? need(reader, "d_out") : inputWidth,
    activation: activationOf(reader, architecture, tensors, select),
    normalization: normalizations[normalization ?? "none"],
    averageScaled: normalization === "expected_average_only_in",
    subtractDecoderBias: subtract,
    scaleByDecoderNorm: rescales(reader, architecture),
    joinHeads: reshape === "hook_z",
    site: inMetadata.text("hook_name"),
    outputSite: inMetadata.text("hook_name_out"),
    model: inMetadata.text("model_name"),
    format: "saelens",
  });
}

const normalizations = {
  none: "none",
  expected_average_only_in: "none",
  constant_norm_rescale: "constantNorm",
  layer_norm: "layerNorm",
} as const;

/** Only those that take the largest measure features by what they write. */
function rescales(reader: FieldReader, architecture: string): boolean {
  const value = reader.boolean("rescale_acts_by_decoder_norm") ?? false;
  return value && architecture.includes("topk");
}

function activationOf(
  reader: FieldReader,
  architecture: string,
  tensors: Tensors,
  select: LoadDictionaryOptions["select"],
): FeatureActivation {
  if (architecture === "gated") return { kind: "gated" };
  if (architecture.startsWith("jumprelu")) return { kind: "jumpRelu", rectified: true };
  if (!architecture.includes("topk")) return { kind: "relu" };
  const hasThreshold = Object.hasOwn(tensors, "topk_threshold");
  if (select === "threshold" && hasThreshold) return { kind: "jumpRelu", rectified: true };
  if (select === "topK" || (architecture === "topk" && select !== "batchTopK")) {
    return { kind: "topK", k: need(reader, "k"), rectified: true };
  }
  return { kind: "batchTopK", k: needNumber(reader, "k") };
}

function readWeights(
  file: string,
  tensors: Tensors,
  { activation, features }: DictionaryConfig,
  reader: FieldReader,
): DictionaryWeights {
  checkScaling(tensors, reader);
  const gated = activation.kind === "gated";
  const skip = optional(tensors, "W_skip");
  return {
    encoder: required(file, tensors, "W_enc", 2),
    decoder: required(file, tensors, "W_dec", 2),
    decoderBias: required(file, tensors, "b_dec", 1),
    encoderBias: gated ? undefined : required(file, tensors, "b_enc", 1),
    threshold: activation.kind === "jumpRelu" ? thresholdOf(file, tensors, features) : undefined,
    gateBias: optional(tensors, "b_gate"),
    magnitudeBias: optional(tensors, "b_mag"),
    magnitudeScale: optional(tensors, "r_mag"),
    skip: skip?.transpose(),
  };
}

/** A threshold, its logarithm, or one number for all. */
function thresholdOf(file: string, tensors: Tensors, features: number): MxArray {
  const one = optional(tensors, "topk_threshold");
  if (one) return mx.broadcastTo(one.reshape([1]), [features]);
  const logarithm = optional(tensors, "log_threshold");
  return logarithm ? mx.exp(logarithm) : required(file, tensors, "threshold", 1);
}

/** A factor for each feature, from before version 6: dropped where it is 1. */
function checkScaling(tensors: Tensors, reader: FieldReader): void {
  const factor = optional(tensors, "scaling_factor");
  if (!factor || reader.boolean("finetuning_scaling_factor") !== true) return;
  if (mx.all(mx.equal(factor, 1)).item()) return;
  throw reader.unknown("finetuning_scaling_factor", "features are scaled by a tensor of factors");
}

function need(reader: FieldReader, name: string): number {
  const value = reader.count(name);
  if (value === undefined) throw reader.wrong(name, "there");
  return value;
}

function needNumber(reader: FieldReader, name: string): number {
  const value = reader.number(name);
  if (value === undefined || !(value > 0)) throw reader.wrong(name, "a number above zero");
  return value;
}
