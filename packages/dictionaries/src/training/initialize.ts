/** First weights, by recipe. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ResolvedConfig } from "./config.js";
import type { Parameters, TrainingBatch } from "./parameters.js";

/** @param widths of what is read and written */
export function initialParameters(
  config: ResolvedConfig,
  widths: { readonly input: number; readonly output: number },
): Parameters {
  const { input, output } = widths;
  const { features, architecture, skip } = config;
  const [forDecoder, forEncoder] = [0, 1].map((part) => keyOf(config.seed, part));
  const bound = 1 / Math.sqrt(output);
  const decoder = rowsOfNorm(uniform([features, output], bound, forDecoder), config.decoderNorm);
  const tied = input === output;
  const encoder = tied
    ? copy(decoder.transpose())
    : uniform([input, features], 1 / Math.sqrt(input), forEncoder);
  const zeros = (length: number) => mx.zeros([length]);
  const byThreshold = config.recipe === "saelens" ? Math.log(config.threshold) : config.threshold;
  return {
    ...{ encoder, decoder, decoderBias: zeros(output) },
    ...(architecture === "gated"
      ? {
          ...{ gateBias: zeros(features), magnitudeBias: zeros(features) },
          magnitudeScale: zeros(features),
        }
      : { encoderBias: zeros(features) }),
    ...(architecture === "jumpRelu" && { threshold: mx.full([features], byThreshold) }),
    ...(skip && { skip: mx.zeros([input, output]) }),
  };
}

/** A key of its own for everything that is drawn. */
export function keyOf(seed: number, part: number): MxArray {
  return mx.random.split(mx.random.key(seed), part + 2).index(part);
}

function uniform(shape: readonly number[], bound: number, key: MxArray): MxArray {
  return mx.random.uniform(-bound, bound, shape, mx.float32, key);
}

export function rowsOfNorm(rows: MxArray, norm: number): MxArray {
  return mx.multiply(mx.divide(rows, mx.sqrt(mx.sum(mx.square(rows), 1, true))), norm);
}

/** An array of its own, row by row. */
function copy(array: MxArray): MxArray {
  return mx.add(array, mx.zeros([1]));
}

/**
 * Begins at the middle of the data, where a recipe says so: at the point whose distances to all rows together are smallest (Weiszfeld's
 * iteration), which few large rows do not move.
 */
export function centredAt(
  parameters: Parameters,
  { y }: TrainingBatch,
  { recipe, architecture, sources }: ResolvedConfig,
): Parameters {
  const family = ["topK", "batchTopK", "matryoshka"].includes(architecture);
  if (recipe === "saelens" || !family || sources > 1) return parameters;
  return { ...parameters, decoderBias: geometricMedian(y) };
}

const rounds = 100;
const nearEnough = 1e-5;

/** @param rows (rows, width) */
export function geometricMedian(rows: MxArray): MxArray {
  let guess = mx.mean(rows, 0);
  for (let round = 0; round < rounds; round++) {
    const before = guess;
    const distances = mx.sqrt(mx.sum(mx.square(mx.subtract(rows, guess)), 1, true));
    const weights = mx.divide(1, mx.maximum(distances, 1e-12));
    guess = mx.divide(mx.sum(mx.multiply(rows, weights), 0), mx.sum(weights));
    const moved = mx.sqrt(mx.sum(mx.square(mx.subtract(guess, before))));
    if (Number(moved.item()) < nearEnough) break;
  }
  return guess;
}
