/**
 * Sparse probing: how well a few features alone tell a concept. A dictionary whose features stand for concepts needs one where activations
 * need a direction of their own.
 *
 * Features are chosen by the difference of their means on one half of the rows, and judged on the other. Beside it stand the majority, a
 * probe of the raw activations, and as many features of a dictionary that nobody trained: without these an accuracy says nothing.
 * Source: Gurnee et al. 2023, arXiv 2305.01610; for dictionaries Gao et al. 2024, arXiv 2406.04093, section 4.2.
 */
import {
  checkInteger,
  checkOptions,
  checkPositiveInteger,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { halves, type LabelledHalves } from "./labelled.js";
import { accuracyOf, f1Of, fitLogistic, logitsOf } from "./logistic.js";
import { nullDictionary } from "./nulls.js";

export interface SparseProbeOptions {
  /** How many features the probe may read; default 1. */
  readonly features?: number;
  /** Of the halves and of the null; default 0. */
  readonly seed?: number;
}

export interface SparseProbe {
  /** Which features, those that differ most first. */
  readonly features: readonly number[];
  /** The share of held-out rows that are told right. */
  readonly accuracy: number;
  /** By always saying what is more frequent. */
  readonly majority: number;
  /** By all of the raw activation. */
  readonly rawAccuracy: number;
  /** By as many features of a dictionary that nobody trained. */
  readonly untrainedAccuracy: number;
  /** The F1 on held-out rows: 2 · hits / (said yes + has the concept), 0 where there is neither. */
  readonly f1: number;
  readonly rawF1: number;
  readonly untrainedF1: number;
  /** By always saying yes. */
  readonly alwaysF1: number;
  readonly heldOut: number;
}

/**
 * @param x activations where the dictionary reads, (rows, input)
 * @param labels whether the concept is there, one for each row
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for other labels than rows, or fewer than 4 of either kind
 * @example
 * const dictionary = loadDictionary("tiny");
 * const x = mx.random.normal([64, 128]);
 * const labels = Array.from({ length: 64 }, (_, at) => at % 2 === 0);
 * sparseProbe(dictionary, x, labels).features.length; // 1
 */
export function sparseProbe(
  dictionary: Dictionary,
  x: MxArray,
  labels: readonly boolean[],
  options: SparseProbeOptions = {},
): SparseProbe {
  checkDictionary("dictionary", dictionary);
  checkOptions<SparseProbeOptions>("sparseProbe", options, {
    ...{ features: checkPositiveInteger, seed: checkInteger },
  });
  const { features = 1, seed = 0 } = options;
  const split = halves(x, labels, seed);
  const own = probeFew(dictionary, split, features);
  const untrained = probeFew(nullDictionary(dictionary, "untrained", seed), split, features);
  const raw = fitLogistic(split.train.x, split.train.labels);
  const positive = split.test.labels.reduce((sum, label) => sum + label, 0);
  const heldOut = split.test.labels.length;
  const ofRaw = logitsOf(raw, split.test.x);
  return {
    ...own,
    rawF1: f1Of(ofRaw, split.test.labels),
    untrainedF1: untrained.f1,
    alwaysF1: (2 * positive) / (heldOut + positive),
    majority: Math.max(positive, heldOut - positive) / heldOut,
    rawAccuracy: accuracyOf(ofRaw, split.test.labels),
    untrainedAccuracy: untrained.accuracy,
    heldOut,
  };
}

function probeFew(
  dictionary: Dictionary,
  { train, test }: LabelledHalves,
  count: number,
): Pick<SparseProbe, "features" | "accuracy" | "f1"> {
  const [seen, unseen] = [train.x, test.x].map((rows) => dictionary.encode(rows));
  const features = mostDifferent(seen, train.labels, count);
  const columns = mx.array([...features], mx.int32);
  const [few, others] = [seen, unseen].map((rows) => mx.take(rows, columns, 1));
  const probe = fitLogistic(few, train.labels, 1e-2);
  const logits = logitsOf(probe, others);
  const { labels } = test;
  return { features, accuracy: accuracyOf(logits, labels), f1: f1Of(logits, labels) };
}

/** Features whose means with and without the concept differ most. @param f (rows, features) */
export function mostDifferent(f: MxArray, labels: readonly number[], count: number): number[] {
  const positive = labels.reduce((sum, label) => sum + label, 0);
  const weights = labels.map((label) => (label ? 1 / positive : -1 / (labels.length - positive)));
  const difference = toFlat(mx.matmul(mx.array(weights).reshape([1, labels.length]), f));
  const order = Array.from(difference.keys()).sort(
    (a, b) => Math.abs(difference[b]) - Math.abs(difference[a]) || a - b,
  );
  return order.slice(0, count);
}
