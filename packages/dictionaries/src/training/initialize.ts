/** First weights, by recipe. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { pairsOf } from "./across-layers.js";
import type { ResolvedConfig } from "./config.js";
import { rowNorms } from "./objective-parts.js";
import type { Parameters, TrainingBatch } from "./parameters.js";

/** How many numbers an array can have: its kernels count them in 32 bits. */
const mostNumbers = 2 ** 31 - 1;

/**
 * @param widths of what is read and written
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for more features than an array can hold
 */
export function initialParameters(
  config: ResolvedConfig,
  widths: { readonly input: number; readonly output: number },
): Parameters {
  const width = Math.max(widths.input, (widths.output * (config.layers + 1)) / 2); // of layers, each writes to all later ones
  if (config.features * width > mostNumbers) {
    const rule = `with ${width} numbers each they make an array of more than 2³¹; give fewer.`;
    throw new InvalidArgumentError("features", config.features, rule);
  }
  if (config.layers > 1) return acrossLayers(config, widths);
  if (config.recipe === "sparsify") return asSparsify(config, widths);
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

/** Encoders and decoders that know nothing of each other; what each feature writes in all layers together has the norm that is asked for. */
function acrossLayers(
  config: ResolvedConfig,
  { input, output }: { readonly input: number; readonly output: number },
): Parameters {
  const { layers, features, skip, architecture, recipe, threshold } = config;
  const [hidden, written] = [input / layers, output / layers];
  const [forDecoder, forEncoder] = [0, 1].map((part) => keyOf(config.seed, part));
  const drawn = uniform([pairsOf(layers), features, written], 1, forDecoder);
  const norms = rowNorms({ decoder: drawn }).reshape([layers, features]);
  const own = Array.from({ length: layers }, (_, from) => {
    // one for each layer that is written to
    return mx.broadcastTo(norms.index(mx.Slice(from, from + 1)), [layers - from, features]);
  });
  const each = mx.concatenate(own, 0).reshape([pairsOf(layers), features, 1]);
  const first = recipe === "saelens" ? Math.log(threshold) : threshold;
  return {
    encoder: uniform([layers, hidden, features], 1 / Math.sqrt(hidden), forEncoder),
    encoderBias: mx.zeros([layers * features]),
    decoder: mx.multiply(mx.divide(drawn, each), config.decoderNorm),
    decoderBias: mx.zeros([output]),
    ...(architecture === "jumpRelu" && { threshold: mx.full([layers * features], first) }),
    ...(skip && { skip: mx.zeros([layers, hidden, written]) }),
  };
}

/** An encoder as PyTorch draws it; its transpose of norm 1 as the decoder, and of transcoders nothing. */
function asSparsify(
  { features, seed, kind, skip, decoder: constraint }: ResolvedConfig,
  { input, output }: { readonly input: number; readonly output: number },
): Parameters {
  const encoder = uniform([input, features], 1 / Math.sqrt(input), keyOf(seed, 1));
  const rows = copy(encoder.transpose());
  const same = constraint === "unitNorm" ? rowsOfNorm(rows, 1) : rows;
  return {
    ...{ encoder, encoderBias: mx.zeros([features]), decoderBias: mx.zeros([output]) },
    decoder: kind === "transcoder" ? mx.zeros([features, output]) : same,
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
  { x, y }: TrainingBatch,
  { recipe, architecture, sources, layers, kind }: ResolvedConfig,
): Parameters {
  if (recipe === "sparsify") {
    const { encoder, encoderBias } = parameters;
    const ofMean = mx.negative(mx.matmul(mx.mean(x, 0), encoder));
    return {
      ...parameters,
      encoderBias: kind === "transcoder" ? ofMean : encoderBias,
      decoderBias: mx.mean(y, 0),
    };
  }
  const family = ["topK", "batchTopK", "matryoshka"].includes(architecture);
  if (recipe === "saelens" || !family || sources > 1 || layers > 1) return parameters;
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
