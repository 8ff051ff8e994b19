/** Parts that losses are made of. Everything is lazy; means are over rows. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { rectify } from "../dictionary/activations.js";
import { encodedAcross, normsAcross, writtenAcross } from "./across-layers.js";
import type { ResolvedConfig } from "./config.js";
import type { Parameters, TrainingBatch } from "./parameters.js";

/** The mean over rows of the sum over the last axis. */
export function meanOfSums(array: MxArray): MxArray {
  return mx.divide(mx.sum(array), array.shape[0]);
}

/** The mean over rows of the squared distance. */
export function squaredError(y: MxArray, target: MxArray): MxArray {
  return meanOfSums(mx.square(mx.subtract(y, target)));
}

/** The squared error; of crosscoders the mean over sources of that, or of its root. */
export function reconstructionLoss(
  y: MxArray,
  target: MxArray,
  { sources, reconstruction }: ResolvedConfig,
): MxArray {
  if (sources === 1) return squaredError(y, target);
  const [rows, width] = y.shape;
  const squares = mx.square(mx.subtract(y, target)).reshape([rows * sources, width / sources]);
  const sums = mx.sum(squares, 1);
  return mx.mean(reconstruction === "squared" ? sums : mx.sqrt(sums));
}

/** The norms of decoder rows, (features); of crosscoders the sum of those of each source, across layers that of all together. */
export function rowNorms({ decoder }: Parameters, sources = 1): MxArray {
  if (decoder.ndim === 3) return normsAcross(decoder);
  if (sources === 1) return mx.sqrt(mx.sum(mx.square(decoder), 1));
  const [features, width] = decoder.shape;
  const parts = decoder.reshape([features, sources, width / sources]);
  return mx.sum(mx.sqrt(mx.sum(mx.square(parts), 2)), 1);
}

/** What is encoded: activations, without the decoder's bias where it is taken off. */
export function centred(
  { decoderBias }: Parameters,
  { x }: TrainingBatch,
  { subtractDecoderBias }: ResolvedConfig,
): MxArray {
  return subtractDecoderBias ? mx.subtract(x, decoderBias) : x;
}

/** What the encoder says, (rows, features). */
export function encoded(
  parameters: Parameters,
  batch: TrainingBatch,
  config: ResolvedConfig,
): MxArray {
  const { encoder, encoderBias } = parameters;
  if (encoder.ndim === 3) return mx.add(encodedAcross(batch.x, encoder), encoderBias);
  return mx.add(mx.matmul(centred(parameters, batch, config), encoder), encoderBias);
}

/** What features write, without the bias. */
export function written(features: MxArray, { decoder }: Parameters): MxArray {
  return decoder.ndim === 3 ? writtenAcross(features, decoder) : mx.matmul(features, decoder);
}

/** What features write, with the bias and a skip, if there is one. */
export function decoded(parameters: Parameters, features: MxArray, { x }: TrainingBatch): MxArray {
  const { decoderBias, skip } = parameters;
  const y = mx.add(written(features, parameters), decoderBias);
  if (!skip) return y;
  return mx.add(y, skip.ndim === 3 ? encodedAcross(x, skip) : mx.matmul(x, skip));
}

/** What features cost: the mean over rows of their sum, each by the norm of what it writes where that is free. */
export function costOf(
  features: MxArray,
  parameters: Parameters,
  { sparsityByNorm, sources }: ResolvedConfig,
): MxArray {
  return meanOfSums(
    sparsityByNorm ? mx.multiply(features, rowNorms(parameters, sources)) : features,
  );
}

export function scaledBy(factor: number, term: MxArray): MxArray {
  return mx.multiply(term, factor);
}

/** relu, for features that are left as they are else. */
export const positive = rectify;

/** The sum of all parts of a loss. */
export function totalOf(terms: Readonly<Record<string, MxArray>>): MxArray {
  return Object.values(terms).reduce((sum, term) => mx.add(sum, term));
}

/**
 * Adds nothing, and gives a gradient of its own choice: what a step function would have if it were as wide as a band.
 *
 * @param slope by how much the result changes with `variable`, of a shape that both fit
 */
export function withSlope(value: MxArray, variable: MxArray, slope: MxArray): MxArray {
  const nothing = mx.subtract(variable, mx.stopGradient(variable));
  return mx.add(value, mx.multiply(mx.stopGradient(slope), nothing));
}

/** 1 where values lie within half a band of a threshold. */
export function withinBand(values: MxArray, threshold: MxArray, bandwidth: number): MxArray {
  const distance = mx.divide(mx.subtract(values, threshold), bandwidth);
  return mx.less(mx.abs(distance), 0.5).astype(mx.float32);
}
