/** Losses in which the number of features is given: the k largest of rows or batches, and dictionaries inside each other. */
import { type MxArray, mx, topK as topKOf } from "@mlxterp/mlx";
import { keepAt, keepLargest, keepLargestOfBatch } from "../dictionary/activations.js";
import type { ResolvedConfig } from "./config.js";
import {
  decoded,
  encoded,
  meanOfSums,
  positive,
  reconstructionLoss,
  rowNorms,
  scaledBy,
  squaredError,
  totalOf,
  written,
} from "./objective-parts.js";
import type { Losses, Objective, Parameters, StepContext, TrainingBatch } from "./parameters.js";
import { sparseTopK } from "./sparse-gradients.js";

/** What is known of a batch before its losses. */
interface Chosen {
  /** What the encoder says, measured by what features write where that is asked for. */
  readonly p: MxArray;
  readonly features: MxArray;
  /** How features are written: by their decoder rows of norm 1 where they are measured so. */
  readonly write: (features: MxArray) => MxArray;
}

/** Source: Gao et al. 2024, arXiv 2406.04093. */
export function topK(config: ResolvedConfig): Objective {
  const objective = largest(config, (p) => positive(keepLargest(p, config.k)));
  const fewAreOn = config.k * denseFrom < config.features;
  return Object.assign(objective, {
    byHand(parameters: Parameters, batch: TrainingBatch, { deadCount }: StepContext) {
      const revives = deadCount > 0 && config.auxiliary > 0; // dead features learn from products with all
      return fewAreOn && !revives ? sparseTopK(parameters, batch, config) : undefined;
    },
  });
}

/** Where more than one feature in so many is on, reading single rows takes longer than multiplying by all. */
const denseFrom = 16;

/** Source: Bussmann et al. 2024, arXiv 2412.06410. */
export function batchTopK(config: ResolvedConfig): Objective {
  if (config.sources > 1) return crosscoder(config);
  return largest(config, (p) => keepLargestOfBatch(positive(p), config.k));
}

/** Source: Bussmann et al. 2025, arXiv 2503.17547. */
export function matryoshka(config: ResolvedConfig): Objective {
  return largest(config, (p) => keepLargestOfBatch(positive(p), config.k), innerLosses);
}

type Reconstruct = (
  chosen: Chosen,
  parameters: Parameters,
  batch: TrainingBatch,
  config: ResolvedConfig,
) => { readonly terms: Record<string, MxArray>; readonly y: MxArray };

function largest(
  config: ResolvedConfig,
  choose: (p: MxArray) => MxArray,
  reconstruct: Reconstruct = wholeLoss,
): Objective {
  return (parameters, batch, context): Losses => {
    const chosen = chooseFeatures(parameters, batch, config, choose);
    const { terms, y } = reconstruct(chosen, parameters, batch, config);
    if (context.deadCount > 0 && config.auxiliary > 0) {
      terms.auxiliary = auxiliary(chosen, parameters, mx.subtract(batch.y, y), context, config);
    }
    const loss = totalOf(terms);
    return { loss, terms, features: chosen.features, reconstruction: y };
  };
}

function chooseFeatures(
  parameters: Parameters,
  batch: TrainingBatch,
  config: ResolvedConfig,
  choose: (p: MxArray) => MxArray,
): Chosen {
  const p = encoded(parameters, batch, config);
  if (!config.scaleByDecoderNorm) return { p, features: choose(p), write: (features) => features };
  const norms = rowNorms(parameters);
  const scaled = mx.multiply(p, norms);
  return { p: scaled, features: choose(scaled), write: (features) => mx.divide(features, norms) };
}

const wholeLoss: Reconstruct = ({ features, write }, parameters, batch) => {
  const y = decoded(parameters, write(features), batch);
  return { terms: { mse: squaredError(y, batch.y) }, y };
};

/** The error of every inner dictionary; by dictionary_learning their mean, once more divided by their number. */
const innerLosses: Reconstruct = ({ features, write }, parameters, batch, config) => {
  const { widths, recipe } = config;
  const sized = write(features);
  const terms: Record<string, MxArray> = {};
  const weight = recipe === "saelens" ? 1 : 1 / widths.length ** 2;
  let y = mx.broadcastTo(parameters.decoderBias, batch.y.shape);
  let from = 0;
  for (const width of widths) {
    const part = mx.Slice(from, width);
    const rows = mx.matmul(sized.index(mx.Slice(), part), parameters.decoder.index(part));
    y = mx.add(y, rows);
    terms[width === config.features ? "mse" : `mse${width}`] = scaledBy(
      weight,
      squaredError(y, batch.y),
    );
    from = width;
  }
  return { terms, y };
};

/** Dead features learn from what the others left over. */
function auxiliary(
  { p, features, write }: Chosen,
  parameters: Parameters,
  residual: MxArray,
  { dead, deadCount }: StepContext,
  { auxiliary: factor, recipe }: ResolvedConfig,
): MxArray {
  const most = Math.floor(residual.shape[1] / 2);
  const left = mx.stopGradient(residual);
  if (recipe === "saelens") {
    const raw = largestDead(p, p, dead, most);
    const y = mx.add(written(write(raw), parameters), parameters.decoderBias);
    return scaledBy(factor * Math.min(deadCount / most, 1), squaredError(y, left));
  }
  const still = stillDead(features, dead);
  const y = written(positive(largestDead(p, p, still, most)), parameters);
  return scaledBy(factor, shareOfSpread(y, left, still));
}

/** Of those that were dead before, those that are not on in this batch either. */
function stillDead(features: MxArray, dead: MxArray): MxArray {
  const on = mx.any(mx.greater(features, 0), 0);
  return mx.stopGradient(mx.where(on, mx.array(0), dead));
}

/** The largest of each row among dead features, by a size of their own. */
function largestDead(values: MxArray, sizes: MxArray, dead: MxArray, count: number): MxArray {
  const silent = mx.where(mx.equal(dead, 1), mx.stopGradient(sizes), Number.NEGATIVE_INFINITY);
  const { indices } = topKOf(silent, Math.min(count, dead.size));
  return mx.multiply(keepAt(values, indices), dead);
}

/** The error as a share of what there was to explain; nothing where there is nothing, or nobody to explain it. */
function shareOfSpread(y: MxArray, left: MxArray, dead: MxArray): MxArray {
  const spread = meanOfSums(mx.square(mx.subtract(left, mx.mean(left, 0, true))));
  const share = finite(mx.divide(squaredError(y, left), spread));
  return mx.where(mx.any(mx.greater(dead, 0)), share, mx.array(0));
}

/** Nothing where nothing was left over. */
function finite(value: MxArray): MxArray {
  return mx.where(mx.isnan(value), mx.array(0), value);
}

/** Of several sources together, features are chosen by their size times what they write in all of them, and kept as they are. */
function crosscoder(config: ResolvedConfig): Objective {
  return (parameters, batch, context): Losses => {
    const f = positive(encoded(parameters, batch, config));
    const scaled = mx.stopGradient(mx.multiply(f, rowNorms(parameters, config.sources)));
    const on = mx.greater(keepLargestOfBatch(scaled, config.k), 0).astype(mx.float32);
    const features = mx.multiply(f, on);
    const y = decoded(parameters, features, batch);
    const terms: Record<string, MxArray> = { mse: reconstructionLoss(y, batch.y, config) };
    if (context.deadCount > 0 && config.auxiliary > 0) {
      const count = Math.floor(batch.y.shape[1] / config.sources / 2);
      const left = mx.stopGradient(mx.subtract(batch.y, y));
      const dead = stillDead(features, context.dead);
      const again = mx.matmul(largestDead(f, scaled, dead, count), parameters.decoder);
      terms.auxiliary = scaledBy(config.auxiliary, shareOfSpread(again, left, dead));
    }
    const loss = totalOf(terms);
    return { loss, terms, features, reconstruction: y, chosen: mx.multiply(scaled, on) };
  };
}
