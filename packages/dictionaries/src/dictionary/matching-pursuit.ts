/**
 * Features one after the other: the one whose direction fits best, taken off as far as it fits, then the next on what is left.
 *
 * Every round is a product with the decoder, and as a pass is built before anything is known, all rounds that may be needed are built: rows
 * that are done stay as they are. Source: Mallat & Zhang 1993; as an encoder: Costa et al. 2025, arXiv 2506.03093.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { FeatureActivation } from "./config.js";

type MatchingPursuit = Extract<FeatureActivation, { kind: "matchingPursuit" }>;

/** A pursuit on its way. */
interface Pursuit {
  readonly features: MxArray; // (rows, features)
  readonly left: MxArray; // (rows, width)
  /** 1 where it goes on, (rows, 1). */
  readonly goesOn: MxArray;
}

/**
 * @param x (rows, width)
 * @param decoder (features, width)
 * @returns (rows, features), none below zero
 */
export function pursue(x: MxArray, decoder: MxArray, settings: MatchingPursuit): MxArray {
  const [rows] = x.shape;
  const [count] = decoder.shape;
  let pursuit: Pursuit = {
    features: mx.zeros([rows, count]),
    left: x,
    goesOn: mx.ones([rows, 1]),
  };
  const columns = mx.stopGradient(decoder).transpose();
  for (let round = 0; round < settings.rounds; round++) {
    pursuit = next(pursuit, decoder, columns, settings);
  }
  return pursuit.features;
}

function next(
  { features, left, goesOn }: Pursuit,
  decoder: MxArray,
  columns: MxArray,
  { tolerance, untilRepeated }: MatchingPursuit,
): Pursuit {
  const places = mx.arange(0, decoder.shape[0], 1, mx.uint32).reshape([1, decoder.shape[0]]);
  const best = mx.argmax(mx.matmul(mx.stopGradient(left), columns), 1); // (rows)
  const row = mx.take(decoder, best, 0);
  const fit = mx.maximum(mx.sum(mx.multiply(left, row), 1, true), 0);
  const size = mx.multiply(fit, goesOn); // (rows, 1)
  const here = mx.equal(places, best.reshape([best.size, 1])).astype(mx.float32);
  const rest = mx.subtract(left, mx.multiply(size, row));
  const stillOn = [goesOn];
  if (untilRepeated) {
    const before = mx.sum(mx.multiply(features, here), 1, true);
    stillOn.push(mx.greater(size, 0).astype(mx.float32), mx.equal(before, 0).astype(mx.float32));
  }
  if (tolerance > 0) {
    const norm = mx.sqrt(mx.sum(mx.square(rest), 1, true));
    stillOn.push(mx.greaterEqual(norm, tolerance).astype(mx.float32));
  }
  return {
    features: mx.add(features, mx.multiply(here, size)),
    left: rest,
    goesOn: mx.stopGradient(stillOn.reduce((all, one) => mx.multiply(all, one))),
  };
}
