/** Folders of SAELens: `cfg.json` and `sae_weights.safetensors`, of version 6 and of those before. */
import { type MxArray, mx } from "@mlxterp/mlx";
import {
  completeConfig,
  type DictionaryConfig,
  type FeatureActivation,
} from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { foldInputScale } from "../dictionary/fold.js";
import type { ContextWeights, DictionaryWeights } from "../dictionary/weights.js";
import { UnknownDictionaryFieldError } from "../shared/errors.js";
import { FieldReader } from "./fields.js";
import { optional, type Place, readFields, required, type Tensors, tensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";
import { harmlessFields, modernFields } from "./saelens-fields.js";

export const saelensWeights = "sae_weights.safetensors";

const architectures = [
  ...["standard", "gated", "jumprelu", "topk", "batchtopk", "matryoshka_batchtopk"],
  ...["transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"],
  ...["matching_pursuit", "temporal"],
] as const;

export function loadSaelens(place: Place, options: LoadDictionaryOptions): Dictionary {
  const file = place.at("cfg.json");
  const reader = new FieldReader(file, modernFields(readFields(file)), options.ignore);
  const weightsFile = place.at(saelensWeights);
  const tensors = tensorsOf(weightsFile);
  const config = readConfig(reader, tensors, options);
  const inputScale = inputScaleOf(reader, config);
  const weights = readWeights(weightsFile, tensors, config, reader);
  refuseOtherTensors(weightsFile, tensors, config, reader);
  reader.refuseOthers(harmlessFields);
  return foldInputScale(new Dictionary(config, weights), inputScale);
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
    ...(architecture === "temporal" ? (["constant_scalar_rescale"] as const) : []),
  ]);
  const reshape = reader.word("reshape_activations", [
    "none",
    ...(architecture === "temporal" ? [] : (["hook_z"] as const)),
  ]);
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
  constant_scalar_rescale: "none", // folded in
} as const;

/** What activations are multiplied by, where the files tell it. */
function inputScaleOf(reader: FieldReader, { activation }: DictionaryConfig): number {
  if (activation.kind !== "temporal") return 1;
  const factor = reader.number("activation_normalization_factor") ?? 1;
  if (reader.text("normalize_activations") !== "constant_scalar_rescale") return 1;
  if (factor > 0) return factor;
  throw reader.wrong("activation_normalization_factor", "a number above zero");
}

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
  if (architecture === "matching_pursuit") return matchingPursuitOf(reader);
  if (architecture === "temporal") return temporalOf(reader);
  if (architecture.startsWith("jumprelu")) return { kind: "jumpRelu", rectified: true };
  if (!architecture.includes("topk")) return { kind: "relu" };
  const hasThreshold = Object.hasOwn(tensors, "topk_threshold");
  if (select === "threshold" && hasThreshold) return { kind: "jumpRelu", rectified: true };
  if (select === "topK" || (architecture === "topk" && select !== "batchTopK")) {
    return { kind: "topK", k: need(reader, "k"), rectified: true };
  }
  return { kind: "batchTopK", k: needNumber(reader, "k") };
}

function matchingPursuitOf(reader: FieldReader): FeatureActivation {
  const tolerance = reader.number("residual_threshold") ?? 1e-2;
  if (!(tolerance >= 0)) throw reader.wrong("residual_threshold", "zero or above");
  return {
    ...{ kind: "matchingPursuit", tolerance },
    rounds: reader.count("max_iterations") ?? need(reader, "d_in"),
    untilRepeated: reader.boolean("stop_on_duplicate_support") ?? true,
  };
}

function temporalOf(reader: FieldReader): FeatureActivation {
  const heads = reader.count("n_heads") ?? 8;
  if (need(reader, "d_sae") % heads !== 0) throw reader.wrong("n_heads", "a divisor of d_sae");
  const few = reader.word("sae_diff_type", ["topk", "relu"]) ?? "topk";
  const k = reader.count("kval_topk");
  return { kind: "temporal", heads, ...(few === "topk" && k !== undefined && { k }) };
}

function readWeights(
  file: string,
  tensors: Tensors,
  config: DictionaryConfig,
  reader: FieldReader,
): DictionaryWeights {
  checkScaling(file, tensors, reader);
  const skips = reader.text("architecture")?.includes("skip") ?? false;
  const { activation, features } = config;
  if (activation.kind === "matchingPursuit" || activation.kind === "temporal") {
    return tiedWeights(file, tensors, config, reader);
  }
  const gated = activation.kind === "gated";
  return {
    encoder: required(file, tensors, "W_enc", 2),
    decoder: required(file, tensors, "W_dec", 2),
    decoderBias: required(file, tensors, "b_dec", 1),
    encoderBias: gated ? undefined : required(file, tensors, "b_enc", 1),
    threshold: activation.kind === "jumpRelu" ? thresholdOf(file, tensors, features) : undefined,
    ...(gated && {
      gateBias: required(file, tensors, "b_gate", 1),
      magnitudeBias: required(file, tensors, "b_mag", 1),
      magnitudeScale: required(file, tensors, "r_mag", 1),
    }),
    skip: skips ? required(file, tensors, "W_skip", 2).transpose() : undefined,
  };
}

/** Of architectures that may encode by their decoder. */
function tiedWeights(
  file: string,
  tensors: Tensors,
  { activation, subtractDecoderBias }: DictionaryConfig,
  reader: FieldReader,
): DictionaryWeights {
  const decoder = required(file, tensors, "W_dec", 2);
  const bias = required(file, tensors, "b_dec", 1);
  if (activation.kind === "matchingPursuit") {
    // what is not taken off at first is not added at last
    const decoderBias = subtractDecoderBias ? bias : mx.zerosLike(bias);
    return { encoder: decoder.transpose(), decoder, decoderBias };
  }
  const tied = reader.boolean("tied_weights") ?? true;
  const encoder = tied ? decoder.transpose() : required(file, tensors, "W_enc", 2);
  const layers = reader.count("n_attn_layers") ?? 1;
  const context = Array.from({ length: layers }, (_, layer) => contextOf(file, tensors, layer));
  return { encoder, decoder, decoderBias: bias, context };
}

function contextOf(file: string, tensors: Tensors, layer: number): ContextWeights {
  const weight = (name: string) =>
    required(file, tensors, `attn_layers.${layer}.${name}.weight`, 2).transpose();
  const bias = (name: string) => required(file, tensors, `attn_layers.${layer}.${name}.bias`, 1);
  return {
    ...{ query: weight("q_target"), queryBias: bias("q_target") },
    ...{ key: weight("k_ctx"), keyBias: bias("k_ctx") },
    ...{ value: weight("v_ctx"), valueBias: bias("v_ctx") },
    ...{ output: weight("c_proj"), outputBias: bias("c_proj") },
  };
}

/** A threshold, its logarithm, or one number for all. */
function thresholdOf(file: string, tensors: Tensors, features: number): MxArray {
  const one = optional(file, tensors, "topk_threshold");
  if (one) return mx.broadcastTo(one.reshape([1]), [features]);
  const logarithm = optional(file, tensors, "log_threshold");
  return logarithm ? mx.exp(logarithm) : required(file, tensors, "threshold", 1);
}

/** A factor for each feature, from before version 6: dropped where it is 1. */
function checkScaling(file: string, tensors: Tensors, reader: FieldReader): void {
  const factor = optional(file, tensors, "scaling_factor");
  if (!factor || mx.allclose(factor, mx.ones(factor.shape)).item()) return;
  throw reader.unknown("finetuning_scaling_factor", "features are scaled by a tensor of factors");
}

/** A tensor that nothing here reads would change what SAELens computes, or is of another architecture than the settings say. */
function refuseOtherTensors(
  file: string,
  tensors: Tensors,
  { activation }: DictionaryConfig,
  reader: FieldReader,
): void {
  const skips = reader.text("architecture")?.includes("skip");
  const known = new Set([
    ...["W_enc", "W_dec", "b_dec", "scaling_factor", ...(skips ? ["W_skip"] : [])],
    ...(activation.kind === "gated" ? ["b_gate", "b_mag", "r_mag"] : ["b_enc"]),
    ...(activation.kind === "jumpRelu" ? ["threshold", "log_threshold"] : []),
    ...(reader.text("architecture")?.includes("topk") ? ["topk_threshold"] : []),
    ...reader.ignored,
  ]);
  const layers = activation.kind === "temporal" ? (reader.count("n_attn_layers") ?? 1) : 0;
  const ofContext = (name: string) => {
    const [, layer] = /^attn_layers\.(\d+)\./.exec(name) ?? [];
    return layer !== undefined && Number(layer) < layers;
  };
  const other = Object.keys(tensors).find((name) => !known.has(name) && !ofContext(name));
  if (other === undefined) return;
  const reason = "the architecture of the settings has no such tensor";
  throw new UnknownDictionaryFieldError(file, other, tensors[other].shape, reason);
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
