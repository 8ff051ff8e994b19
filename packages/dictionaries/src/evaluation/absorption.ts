/**
 * Feature absorption: a feature that seems to stand for a concept is silent where a more special one has taken the concept over.
 *
 * The concept's own direction is that of a probe of raw activations. Where the probe tells a held-out row right, none of the concept's main
 * features is on, and another feature that is on writes along the probe's direction more than any other, and more than a share of what the probe
 * sees, the concept was absorbed. Absorbed rows as a share of all that the probe tells right is the rate. Source: Chanin et al. 2024, arXiv
 * 2409.14507; main features here are chosen by the difference of means, not by a sparse regression.
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
import { halves } from "./labelled.js";
import { fitLogistic, logitsOf } from "./logistic.js";
import { mostDifferent } from "./sparse-probing.js";

export interface AbsorptionOptions {
  /** How many features count as the concept's main ones; default 1. */
  readonly mainFeatures?: number;
  /** Of the halves; default 0. */
  readonly seed?: number;
}

export interface Absorption {
  readonly mainFeatures: readonly number[];
  /** Held-out rows with the concept that the probe tells right. */
  readonly told: number;
  /** Of these, those at which no main feature is on; and those of them where another feature has the concept. */
  readonly silent: number;
  readonly absorbed: number;
  /** absorbed / told; NaN where nothing is told. */
  readonly rate: number;
  /** Features that have absorbed the concept, and at how many rows. */
  readonly absorbing: readonly { readonly feature: number; readonly rows: number }[];
}

/** An absorbing feature writes at least this share of the activation's part along the probe. */
const leastShare = 0.4;
/** Its row must point along the probe by at least this cosine. */
const leastCosine = 0.025;

/**
 * @param x activations where the dictionary reads, (rows, input)
 * @param labels whether the concept is there, one for each row
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for other labels than rows, or fewer than 4 of either kind
 * @example
 * const x = mx.random.normal([64, 128]);
 * const labels = Array.from({ length: 64 }, (_, at) => at % 2 === 0);
 * featureAbsorption(loadDictionary("tiny"), x, labels).mainFeatures.length; // 1
 */
export function featureAbsorption(
  dictionary: Dictionary,
  x: MxArray,
  labels: readonly boolean[],
  options: AbsorptionOptions = {},
): Absorption {
  checkDictionary("dictionary", dictionary);
  checkOptions<AbsorptionOptions>("featureAbsorption", options, {
    ...{ mainFeatures: checkPositiveInteger, seed: checkInteger },
  });
  const { mainFeatures: count = 1, seed = 0 } = options;
  const { train, test } = halves(x, labels, seed);
  const probe = fitLogistic(train.x, train.labels);
  const main = mostDifferent(dictionary.encode(train.x), train.labels, count);
  const logits = logitsOf(probe, test.x);
  const rows = [...logits.keys()].filter((row) => test.labels[row] === 1 && logits[row] > 0);
  const found = rows.length > 0 ? absorbers(dictionary, test.x, rows, probe.weights, main) : [];
  const silent = found.filter((one) => one !== "on");
  const absorbed = silent.filter((one): one is number => typeof one === "number");
  const tally = new Map<number, number>();
  for (const feature of absorbed) tally.set(feature, (tally.get(feature) ?? 0) + 1);
  return {
    ...{ mainFeatures: main, told: rows.length, silent: silent.length, absorbed: absorbed.length },
    rate: rows.length > 0 ? absorbed.length / rows.length : Number.NaN,
    absorbing: [...tally]
      .map(([feature, times]) => ({ feature, rows: times }))
      .sort((a, b) => b.rows - a.rows || a.feature - b.feature),
  };
}

/** For each row: "on" where a main feature is, else the feature that has absorbed the concept, or undefined. */
function absorbers(
  dictionary: Dictionary,
  x: MxArray,
  rows: readonly number[],
  direction: MxArray,
  main: readonly number[],
): (number | "on" | undefined)[] {
  const chosen = mx.take(x, mx.array([...rows], mx.int32), 0);
  const unit = mx.divide(direction, mx.sqrt(mx.sum(mx.square(direction))));
  const column = unit.reshape([unit.size, 1]);
  const written = mx.matmul(dictionary.directions(), column).reshape([1, -1]);
  const features = dictionary.encode(chosen);
  const [on, along, parts, cosines] = [
    features,
    mx.matmul(chosen, column),
    mx.multiply(features, written),
    mx.divide(written, dictionary.decoderNorms()),
  ].map((array) => toFlat(array));
  const all = dictionary.config.features;
  return rows.map((_, row) => {
    if (main.some((feature) => on[row * all + feature] > 0)) return "on";
    let best = 0;
    for (let feature = 1; feature < all; feature++) {
      if (parts[row * all + feature] > parts[row * all + best]) best = feature;
    }
    const enough = parts[row * all + best] >= leastShare * along[row] && along[row] > 0;
    return enough && cosines[best] >= leastCosine ? best : undefined;
  });
}
