/** The same dictionary with other weights: factors moved from one matrix into another, features left out. */
import { checkFinite, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { checkDictionary } from "./check-dictionary.js";
import type { DictionaryConfig } from "./config.js";
import { Dictionary } from "./dictionary.js";
import type { DictionaryWeights } from "./weights.js";

/**
 * Makes every decoder row of norm 1, and features larger by what the row lost. The reconstruction stays.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a dictionary that keeps the k largest without measuring them by what they
 * write, as then others would be kept
 * @example
 * const rows = arraySource(mx.random.normal([256, 8]));
 * const trained = await trainDictionary(rows, { architecture: "standard", features: 16, steps: 2, batchSize: 64 });
 * foldDecoderNorm(trained.dictionary).config.features; // 16
 */
export function foldDecoderNorm(dictionary: Dictionary): Dictionary {
  checkDictionary("dictionary", dictionary);
  const { config, weights } = dictionary;
  const { activation, scaleByDecoderNorm } = config;
  const largest = !["relu", "jumpRelu", "gated"].includes(activation.kind);
  if (largest && !scaleByDecoderNorm) {
    const rule =
      "which of its features are on depends on their units; in other units others would be.";
    throw new InvalidArgumentError("dictionary", activation.kind, rule);
  }
  const norms = dictionary.decoderNorms();
  const times = (array: MxArray | undefined) => array && mx.multiply(array, norms);
  return new Dictionary(
    { ...config, scaleByDecoderNorm: false },
    {
      ...weights,
      encoder: mx.multiply(weights.encoder, norms),
      decoder: mx.divide(weights.decoder, norms.reshape([config.features, 1])),
      ...{ encoderBias: times(weights.encoderBias), gateBias: times(weights.gateBias) },
      magnitudeBias: times(weights.magnitudeBias),
      // features that were measured by their norms already are compared with thresholds in that unit
      threshold: scaleByDecoderNorm ? weights.threshold : times(weights.threshold),
    },
  );
}

/**
 * Folds the factor in that a dictionary was trained with, where its files only say that there was one
 * (`config.averageScaled`): activations were scaled to a mean norm of √inputWidth.
 *
 * @param meanNorm the mean norm of raw activations at its site
 * @example
 * const folded = foldActivationNorm(loadDictionary("tiny"), 12.5);
 * folded.config.averageScaled; // false
 */
export function foldActivationNorm(dictionary: Dictionary, meanNorm: number): Dictionary {
  checkDictionary("dictionary", dictionary);
  checkFinite("meanNorm", meanNorm);
  if (meanNorm <= 0) throw new InvalidArgumentError("meanNorm", meanNorm, "must be above zero.");
  const { config, weights } = dictionary;
  refuseKinds(
    config,
    ["matchingPursuit", "temporal"],
    "it encodes by what it writes, in one unit.",
  );
  const factor = Math.sqrt(config.inputWidth) / meanNorm;
  return foldInputScale(new Dictionary({ ...config, averageScaled: false }, weights), factor);
}

/** With what activations are multiplied by moved into the weights; features stay as they are. */
export function foldInputScale(dictionary: Dictionary, factor: number): Dictionary {
  if (factor === 1) return dictionary;
  const { encoder, decoder, decoderBias, ...rest } = dictionary.weights;
  return new Dictionary(dictionary.config, {
    ...rest,
    encoder: mx.multiply(encoder, factor),
    decoder: mx.divide(decoder, factor),
    decoderBias: mx.divide(decoderBias, factor),
  });
}

/**
 * The first features alone, as the inner dictionaries of a matryoshka are.
 *
 * @param features how many
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for more than there are
 * @example
 * firstFeatures(loadDictionary("tiny"), 64).config.features; // 64
 */
export function firstFeatures(dictionary: Dictionary, features: number): Dictionary {
  checkDictionary("dictionary", dictionary);
  const { config, weights } = dictionary;
  refuseKinds(config, ["temporal"], "its features are predicted from all of them together.");
  if (!Number.isInteger(features) || features < 1 || features > config.features) {
    const rule = `must be a whole number from 1 to ${config.features}.`;
    throw new InvalidArgumentError("features", features, rule);
  }
  const slice = mx.Slice(0, features);
  const cut = (array: MxArray | undefined) => array?.index(slice);
  const narrow: DictionaryWeights = {
    ...weights,
    encoder: weights.encoder.index(mx.Slice(), slice),
    decoder: weights.decoder.index(slice),
    ...{ encoderBias: cut(weights.encoderBias), threshold: cut(weights.threshold) },
    ...{ gateBias: cut(weights.gateBias), magnitudeBias: cut(weights.magnitudeBias) },
    magnitudeScale: cut(weights.magnitudeScale),
  };
  return new Dictionary({ ...config, features }, narrow);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function refuseKinds(
  { activation }: DictionaryConfig,
  kinds: readonly string[],
  rule: string,
): void {
  if (kinds.includes(activation.kind)) {
    throw new InvalidArgumentError("dictionary", activation.kind, rule);
  }
}
