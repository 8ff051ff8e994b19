/**
 * Features of what is new at a position: what attention over the positions before it predicts is taken off first.
 *
 * Each layer of attention lives in the space of features. It reads those of what is left at all earlier positions, and what it predicts is
 * taken off along its own direction. Source: Lubana et al. 2025, "Priors in Time", arXiv 2511.01836.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import { keepLargest, rectify } from "./activations.js";
import type { FeatureActivation } from "./config.js";
import type { ContextWeights, DictionaryWeights } from "./weights.js";

/** What is on of itself, and what the positions before have it be on: both (batch, position, features). */
export interface TemporalCodes {
  readonly features: MxArray;
  readonly predicted: MxArray;
}

const epsilon = 1e-6;

/** @param x (batch, position, width), normalised, without the decoder's bias */
export function temporalCodes(
  x: MxArray,
  { encoder, decoder, context = [] }: DictionaryWeights,
  { heads, k }: Extract<FeatureActivation, { kind: "temporal" }>,
): TemporalCodes {
  const [batch, length, width] = x.shape;
  const scale = 1 / (4 * width);
  const encoded = (rows: MxArray) => rectify(mx.matmul(mx.multiply(rows, scale), encoder));
  let left = x;
  let predicted = mx.zeros([batch, length, encoder.shape[1]]);
  for (const layer of context) {
    const said = rectify(attend(encoded(left), layer, heads));
    const written = mx.matmul(said, decoder);
    const norm = mx.add(mx.sqrt(mx.sum(mx.square(written), 2, true)), epsilon);
    const share = mx.divide(mx.sum(mx.multiply(written, left), 2, true), mx.square(norm));
    predicted = mx.add(predicted, mx.multiply(said, share));
    left = mx.subtract(left, mx.multiply(share, written));
  }
  const rows = encoded(left).reshape([batch * length, encoder.shape[1]]);
  const kept = k === undefined ? rows : keepLargest(rows, k);
  return { features: kept.reshape([batch, length, encoder.shape[1]]), predicted };
}

/** What each position makes of those before it. @param z (batch, position, features) */
function attend(z: MxArray, weights: ContextWeights, heads: number): MxArray {
  const [batch, length, features] = z.shape;
  const first = mx.zeros([batch, 1, features]);
  const before = mx.concatenate([first, z.index(mx.Slice(), mx.Slice(0, length - 1))], 1);
  const split = (array: MxArray) =>
    array.reshape([batch, length, heads, array.shape[2] / heads]).transpose(0, 2, 1, 3);
  const query = split(linear(z, weights.query, weights.queryBias));
  const key = split(linear(before, weights.key, weights.keyBias));
  const value = split(linear(before, weights.value, weights.valueBias));
  const scores = mx.multiply(
    mx.matmul(query, key.transpose(0, 1, 3, 2)),
    1 / Math.sqrt(query.shape[3]),
  );
  const places = mx.arange(0, length, 1, mx.int32);
  const later = mx.greater(places.reshape([1, length]), places.reshape([length, 1]));
  const pattern = mx.softmax(mx.where(later, mx.array(Number.NEGATIVE_INFINITY), scores), -1);
  const mixed = mx.matmul(pattern, value).transpose(0, 2, 1, 3).reshape([batch, length, features]);
  return linear(mixed, weights.output, weights.outputBias);
}

function linear(x: MxArray, weight: MxArray, bias: MxArray): MxArray {
  return mx.add(mx.matmul(x, weight), bias);
}
