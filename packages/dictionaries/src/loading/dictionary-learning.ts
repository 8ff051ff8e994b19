/** Folders of dictionary_learning: `config.json` and `ae.pt`. */
import { type MxArray, mx } from "@mlxterp/mlx";
import {
  completeConfig,
  type DictionaryConfig,
  type FeatureActivation,
} from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import type { DictionaryWeights } from "../dictionary/weights.js";
import { DictionaryFormatError, UnknownDictionaryFieldError } from "../shared/errors.js";
import { type Fields, optional, required, scalar, type Tensors, torchTensorsOf } from "./files.js";
import type { LoadDictionaryOptions } from "./options.js";

export const dictionaryLearningWeights = "ae.pt";

/** By the name of the class, and whether it takes thresholds by itself. */
const classes = {
  AutoEncoder: "relu",
  AutoEncoderNew: "linear",
  GatedAutoEncoder: "gated",
  JumpReluAutoEncoder: "jumpRelu",
  AutoEncoderTopK: "topK",
  BatchTopKSAE: "batchTopK",
  MatryoshkaBatchTopKSAE: "batchTopK",
} as const;

type ClassName = keyof typeof classes;

/** @param trainer what config.json says under that name; undefined for a file without one */
export function loadDictionaryLearning(
  file: string,
  trainer: Fields | undefined,
  options: LoadDictionaryOptions,
): Dictionary {
  const { tensors: all, content } = torchTensorsOf(file);
  const { tensors, factor } = finalTensors(all, content);
  const name = trainer ? classOf(file, trainer.dict_class) : guessClass(file, tensors);
  const kind = classes[name];
  const weights = scaled(weightsOf(file, tensors, kind), factor);
  const [inputWidth, features] = weights.encoder.shape;
  const activation = activationOf(file, tensors, kind, options);
  const config: DictionaryConfig = completeConfig({
    ...{ inputWidth, features, activation, format: "dictionary-learning" },
    subtractDecoderBias: kind !== "jumpRelu" && kind !== "linear",
    site: typeof trainer?.submodule_name === "string" ? siteOf(trainer.submodule_name) : undefined,
    model: typeof trainer?.lm_name === "string" ? trainer.lm_name : undefined,
  });
  return new Dictionary(config, withThreshold(weights, features));
}

/** One number for all features is written out. */
function withThreshold(weights: DictionaryWeights, features: number): DictionaryWeights {
  const { threshold } = weights;
  return { ...weights, threshold: threshold && mx.broadcastTo(threshold, [features]) };
}

/** `resid_post_layer_3` and the like; other names say nothing that is certain. */
function siteOf(name: string): string | undefined {
  const layer = /^resid_post_layer_(\d+)$/.exec(name)?.[1];
  return layer === undefined ? undefined : `layers.${layer}`;
}

function classOf(file: string, name: unknown): ClassName {
  if (typeof name === "string" && Object.hasOwn(classes, name)) return name as ClassName;
  const reason = `known are ${Object.keys(classes).join(", ")}`;
  throw new UnknownDictionaryFieldError(file, "trainer.dict_class", name ?? null, reason);
}

/** Without a configuration only what the tensors' names leave no doubt about. */
function guessClass(file: string, tensors: Tensors): ClassName {
  const has = (name: string) => Object.hasOwn(tensors, name);
  if (has("gate_bias")) return "GatedAutoEncoder";
  if (has("group_sizes")) return "MatryoshkaBatchTopKSAE";
  if (has("W_enc") && has("threshold") && !has("k")) return "JumpReluAutoEncoder";
  if (has("encoder.weight") && has("bias")) return "AutoEncoder";
  if (has("encoder.weight") && has("decoder.bias")) return "AutoEncoderNew";
  const reason = "its tensors alone do not say which class it is; put its config.json beside it.";
  throw new DictionaryFormatError(file, reason);
}

/** Files of a training that goes on hold the weights under `ae`, on the scale of normalised activations. */
function finalTensors(all: Tensors, content: unknown): { tensors: Tensors; factor: number } {
  const inner = Object.entries(all).filter(([name]) => name.startsWith("ae."));
  if (inner.length === 0) return { tensors: all, factor: 1 };
  const factor = content instanceof Map ? content.get("norm_factor") : undefined;
  return {
    tensors: Object.fromEntries(inner.map(([name, array]) => [name.slice(3), array])),
    factor: typeof factor === "number" ? factor : 1,
  };
}

/** Biases and thresholds on the scale of raw activations, as a finished training saves them. */
function scaled(weights: DictionaryWeights, factor: number): DictionaryWeights {
  if (factor === 1) return weights;
  const times = (array: MxArray | undefined) => array && mx.multiply(array, factor);
  return {
    ...weights,
    decoderBias: mx.multiply(weights.decoderBias, factor),
    ...{ encoderBias: times(weights.encoderBias), threshold: times(weights.threshold) },
    ...{ gateBias: times(weights.gateBias), magnitudeBias: times(weights.magnitudeBias) },
  };
}

function weightsOf(file: string, tensors: Tensors, kind: string): DictionaryWeights {
  const linear = Object.hasOwn(tensors, "encoder.weight");
  const get = (name: string, axes: number) => required(file, tensors, name, axes);
  const named: Readonly<Record<string, string>> = {
    ...{ gated: "decoder_bias", relu: "bias", linear: "decoder.bias" },
  };
  const bias = named[kind] ?? "b_dec";
  const threshold = optional(file, tensors, "threshold");
  return {
    encoder: linear ? get("encoder.weight", 2).transpose() : get("W_enc", 2),
    decoder: linear ? get("decoder.weight", 2).transpose() : get("W_dec", 2),
    decoderBias: get(bias, 1),
    encoderBias: kind === "gated" ? undefined : get(linear ? "encoder.bias" : "b_enc", 1),
    threshold: threshold?.ndim === 0 ? threshold.reshape([1]) : threshold,
    gateBias: optional(file, tensors, "gate_bias"),
    magnitudeBias: optional(file, tensors, "mag_bias"),
    magnitudeScale: optional(file, tensors, "r_mag"),
  };
}

function activationOf(
  file: string,
  tensors: Tensors,
  kind: (typeof classes)[ClassName],
  { select, rectified = true }: LoadDictionaryOptions,
): FeatureActivation {
  if (kind === "relu" || kind === "linear") return { kind: "relu" };
  if (kind === "gated") return { kind };
  if (kind === "jumpRelu") return { kind, rectified };
  const way = select ?? (kind === "topK" ? "topK" : "threshold");
  if (way === "threshold") return { kind: "jumpRelu", rectified };
  const k = scalar(file, tensors, "k");
  return way === "topK" ? { kind: "topK", k, rectified: true } : { kind: "batchTopK", k };
}
