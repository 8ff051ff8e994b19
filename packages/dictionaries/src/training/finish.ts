/** From what was trained to what is used. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { Crosscoder, type CrosscoderSelection } from "../crosscoder/crosscoder.js";
import { completeConfig, type FeatureActivation } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { CrossLayerTranscoder } from "../transcoders/cross-layer.js";
import type { TranscoderSites } from "../transcoders/transcoder-set.js";
import { pairAt } from "./across-layers.js";
import type { ResolvedConfig } from "./config.js";
import type { TrainingState } from "./step.js";

/** What the result says of its place. */
export interface TrainedPlace {
  readonly site?: string;
  readonly outputSite?: string;
  readonly model?: string;
}

/** With the factor of activations folded in. */
export function dictionaryOf(
  { parameters, threshold }: TrainingState,
  config: ResolvedConfig,
  factor: number,
  { site, outputSite, model }: TrainedPlace,
): Dictionary {
  const { encoder, decoder, decoderBias, skip, threshold: each, ...biases } = parameters;
  const transcodes = config.kind === "transcoder";
  const activation = activationOf(config, Number(threshold.item()));
  const shape = { inputWidth: encoder.shape[0], outputWidth: decoder.shape[1] };
  const parts = completeConfig({
    kind: config.kind,
    ...{ ...shape, features: config.features, activation },
    subtractDecoderBias: config.subtractDecoderBias,
    scaleByDecoderNorm: config.scaleByDecoderNorm,
    ...{ site, outputSite: transcodes ? outputSite : undefined, model, format: "mlxterp" },
  });
  const thresholds = each
    ? config.recipe === "saelens"
      ? mx.exp(each)
      : each
    : mx.broadcastTo(threshold.reshape([1]), [config.features]);
  // rows of a decoder that features are measured by keep that measure: the factor goes to what is written
  return foldFactor(
    new Dictionary(parts, {
      ...{ encoder, decoder, decoderBias, skip, ...biases },
      threshold: activation.kind === "jumpRelu" ? thresholds : undefined,
    }),
    factor,
  );
}

/** Activations are multiplied by a factor in training; afterwards the weights are. */
function foldFactor(dictionary: Dictionary, factor: number): Dictionary {
  if (factor === 1) return dictionary;
  const { config, weights } = dictionary;
  const norms = config.scaleByDecoderNorm ? dictionary.decoderNorms() : undefined;
  const times = (array: MxArray | undefined) => array && norms && mx.multiply(array, norms);
  const measured = norms
    ? {
        encoder: mx.multiply(weights.encoder, norms),
        encoderBias: times(weights.encoderBias),
        decoder: mx.divide(weights.decoder, norms.reshape([config.features, 1])),
      }
    : weights;
  return new Dictionary(
    { ...config, scaleByDecoderNorm: false },
    {
      ...weights,
      ...measured,
      encoder: mx.multiply(measured.encoder, factor),
      decoder: mx.divide(measured.decoder, factor),
      decoderBias: mx.divide(weights.decoderBias, factor),
    },
  );
}

function activationOf({ architecture, k }: ResolvedConfig, threshold: number): FeatureActivation {
  switch (architecture) {
    case "gated":
      return { kind: "gated" };
    case "topK":
      return { kind: "topK", k, rectified: true };
    case "groupMax":
      return { kind: "groupMax", k };
    case "jumpRelu":
      return { kind: "jumpRelu", rectified: true };
    case "batchTopK":
    case "matryoshka":
      return threshold < 0 ? { kind: "batchTopK", k } : { kind: "jumpRelu", rectified: true };
    default:
      return { kind: "relu" };
  }
}

/** With sources beside each other again. */
export function crosscoderOf(
  { parameters, threshold }: TrainingState,
  config: ResolvedConfig,
  factor: number,
): Crosscoder {
  const { encoder, decoder, encoderBias, decoderBias } = parameters;
  const { sources, features, k } = config;
  const width = encoder.shape[0] / sources;
  const limit = Number(threshold.item());
  const one = { kind: "threshold", threshold: limit, k } as const;
  const largest: CrosscoderSelection = limit < 0 ? { kind: "batchTopK", k } : one;
  const apart = decoder.reshape([features, sources, width]).transpose(1, 0, 2);
  return new Crosscoder(
    {
      ...{ sources, width, features, scale: "sumOfNorms", mixture: [1, 0.1], format: "mlxterp" },
      selection: config.architecture === "batchTopK" ? largest : { kind: "relu" },
    },
    {
      encoder: encoder.reshape([sources, width, features]),
      decoder: mx.add(apart, mx.zeros([1])),
      ...{ encoderBias, decoderBias: decoderBias.reshape([sources, width]) },
      normalization: { mean: mx.zeros([sources, width]), factor },
    },
  );
}

/** Layer by layer, with the factor of activations folded in. */
export function crossLayerOf(
  { parameters, threshold }: TrainingState,
  config: ResolvedConfig,
  factor: number,
  sites: TranscoderSites,
): CrossLayerTranscoder {
  const { encoder, decoder, encoderBias, decoderBias, skip, threshold: each } = parameters;
  const { layers, features, architecture, recipe } = config;
  const width = decoderBias.size / layers;
  const limits = each && (recipe === "saelens" ? mx.exp(each) : each);
  const limit = Number(threshold.item());
  const part = (array: MxArray, layer: number, size: number) =>
    array.index(mx.Slice(layer * size, (layer + 1) * size));
  const thresholdOf = (layer: number) => {
    if (architecture === "batchTopK") return mx.full([features], Math.max(limit, 0));
    return limits && part(limits, layer, features);
  };
  const weights = Array.from({ length: layers }, (_, layer) => {
    const rows = mx.Slice(pairAt(layer, layer, layers), pairAt(layer, layers - 1, layers) + 1);
    return {
      encoder: mx.multiply(encoder.index(layer), factor),
      encoderBias: part(encoderBias, layer, features),
      decoder: mx.divide(decoder.index(rows).transpose(1, 0, 2), factor),
      decoderBias: mx.divide(part(decoderBias, layer, width), factor),
      threshold: thresholdOf(layer),
      skip: skip?.index(layer),
    };
  });
  return new CrossLayerTranscoder(weights, sites);
}
