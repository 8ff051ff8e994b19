/**
 * The loss of sparsify: the share of the variance of a batch that is left unexplained, by the largest features, by four times as many, and
 * of what is left over by dead ones.
 *
 * As there, the encoder learns from features that were chosen alone, also where they are zero; the other two parts teach the decoder only.
 * Source: Gao et al. 2024, arXiv 2406.04093, as EleutherAI's sparsify computes it.
 */
import { type MxArray, mx, topK } from "@mlxterp/mlx";
import { keepAt, keepLargestOfGroups, rectify } from "../dictionary/activations.js";
import type { ResolvedConfig } from "./config.js";
import { decoded, encoded, scaledBy, totalOf, written } from "./objective-parts.js";
import type { Losses, Objective, Parameters, StepContext, TrainingBatch } from "./parameters.js";

/** Features of the part that looks at more of them, for each that is on. */
const moreFeatures = 4;

export function unexplained(config: ResolvedConfig): Objective {
  return (parameters, batch, context): Losses => {
    const raw = encoded(parameters, batch, config);
    const features = chosenOf(raw, config);
    const y = decoded(parameters, features, batch);
    const variance = mx.stopGradient(mx.sum(mx.square(mx.subtract(batch.y, mx.mean(batch.y, 0)))));
    const share = (error: MxArray) => mx.divide(mx.sum(mx.square(error)), variance);
    const left = mx.subtract(batch.y, y);
    const terms: Record<string, MxArray> = { unexplained: share(left) };
    const held = rectify(mx.stopGradient(raw));
    if (context.deadCount > 0 && config.auxiliary > 0) {
      const again = mx.subtract(byDead(held, parameters, batch, context), mx.stopGradient(left));
      const most = halfOf(batch.y);
      const scale = config.auxiliary * Math.min(context.deadCount / most, 1);
      terms.auxiliary = scaledBy(scale, share(again));
    }
    if (config.moreShare > 0) {
      const all = Math.min(moreFeatures * config.k, config.features);
      const more = writtenBy(largestOf(held, all), parameters);
      terms.more = scaledBy(config.moreShare, share(mx.subtract(batch.y, more)));
    }
    return { loss: totalOf(terms), terms, features, reconstruction: y };
  };
}

/** What is on: at least zero, with the gradient of what the encoder says wherever it was chosen. */
function chosenOf(raw: MxArray, { architecture, k }: ResolvedConfig): MxArray {
  const sizes = rectify(mx.stopGradient(raw));
  const passing = mx.add(sizes, mx.subtract(raw, mx.stopGradient(raw)));
  if (architecture !== "groupMax") return keepAt(passing, topK(sizes, k).indices);
  const [rows, features] = raw.shape;
  // the first of each group where none is above zero, as everywhere equal ones are chosen
  const own = keepLargestOfGroups(mx.add(sizes, 1), k);
  return mx.multiply(passing, mx.greater(own, 0).astype(mx.float32).reshape([rows, features]));
}

function largestOf(sizes: MxArray, count: number): MxArray {
  return keepAt(sizes, topK(sizes, count).indices);
}

function halfOf(y: MxArray): number {
  return Math.floor(y.shape[1] / 2);
}

/** What the largest dead features write of each row. */
function byDead(
  sizes: MxArray,
  parameters: Parameters,
  { y }: TrainingBatch,
  { dead, deadCount }: StepContext,
): MxArray {
  const silent = mx.where(mx.equal(dead, 1), sizes, Number.NEGATIVE_INFINITY);
  const { indices } = topK(silent, Math.min(halfOf(y), deadCount));
  return writtenBy(keepAt(sizes, indices), parameters);
}

function writtenBy(features: MxArray, parameters: Parameters): MxArray {
  return mx.add(written(features, parameters), parameters.decoderBias);
}
