/** How much of a known truth a dictionary has found. */

import {
  checkRecord,
  fromFlat,
  InvalidArgumentError,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import { checkNumbers, checkPositiveInteger } from "@mlxterp/results/errors";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryShapeError } from "../shared/errors.js";
import { largestAssignment } from "./assignment.js";
import type { SyntheticData } from "./generator.js";

export interface SyntheticScores {
  /** The mean |cos| over the best one-to-one matching of decoder rows and true directions. */
  readonly mcc: number;
  /** How many true directions are some feature's nearest, as a share of features. */
  readonly uniqueness: number;
  /** Of each feature as a test for whether its nearest true direction is on; means over features, 0 where undefined. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly accuracy: number;
  readonly l0: number;
  readonly trueL0: number;
  readonly dead: number;
  /** The mean of |y| / |x|. */
  readonly shrinkage: number;
  readonly explained: number;
  /** Of each feature, its nearest true direction. */
  readonly matches: readonly number[];
  readonly f1OfFeatures: readonly number[];
}

/**
 * Scores a dictionary against the data's own.
 *
 * @throws DictionaryShapeError (`DICTIONARY_SHAPE`) for another width; InvalidArgumentError (`INVALID_ARGUMENT`) for
 * directions that are not finite
 * @example
 * const data = syntheticData({ samples: 200 });
 * const rows = arraySource(fromFlat(data.x, [200, 24]));
 * const { dictionary } = await trainDictionary(rows, { architecture: "topK", features: 40, k: 5, steps: 5, batchSize: 100 });
 * scoreAgainstTruth(dictionary, data).mcc > 0; // true
 */
export function scoreAgainstTruth(dictionary: Dictionary, data: SyntheticData): SyntheticScores {
  checkDictionary("dictionary", dictionary);
  checkRecord("data", data);
  const { samples, width, features: count } = data;
  for (const [name, one] of Object.entries({ samples, width, features: count })) checkPositiveInteger(`data.${name}`, one); // biome-ignore format: one line
  for (const name of ["x", "coefficients", "dictionary"] as const) checkNumbers(`data.${name}`, data[name]); // biome-ignore format: one line
  const { inputWidth, features } = dictionary.config;
  if (inputWidth !== width)
    throw new DictionaryShapeError("The data", ["…", inputWidth], [samples, width]);
  const x = fromFlat(data.x, [samples, width]);
  const encoded = dictionary.encode(x);
  const cosines = cosinesOf(dictionary, fromFlat(data.dictionary, [count, width]));
  const matches = Array.from({ length: features }, (_, row) =>
    largestAt(cosines.subarray(row * count, (row + 1) * count)),
  );
  const tests = testsOf(toFlat(encoded), data, matches, features);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    ...{ mcc: meanOfMatching(cosines, features, count), matches },
    uniqueness: new Set(matches).size / features,
    precision: mean(tests.map(({ precision }) => precision)),
    recall: mean(tests.map(({ recall }) => recall)),
    f1: mean(tests.map(({ f1 }) => f1)),
    accuracy: mean(tests.map(({ accuracy }) => accuracy)),
    f1OfFeatures: tests.map(({ f1 }) => f1),
    l0: tests.reduce((sum, { on }) => sum + on, 0) / samples,
    trueL0: data.coefficients.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0) / samples,
    dead: tests.filter(({ on }) => on === 0).length,
    ...reconstructionOf(x, dictionary.forward(x)),
  };
}

function cosinesOf(dictionary: Dictionary, truth: MxArray): Float64Array {
  const { decoder } = dictionary.weights;
  const norms = mx.sqrt(mx.sum(mx.square(decoder), 1, true));
  const rows = mx.divide(decoder, mx.maximum(norms, 1e-12));
  const cosines = Float64Array.from(toFlat(mx.abs(mx.matmul(rows, truth.transpose()))));
  if (cosines.every(Number.isFinite)) return cosines;
  // Nothing is nearest to NaN: the best matching would be looked for without end.
  const rule = "its directions, or those of the data, are not all finite.";
  throw new InvalidArgumentError("dictionary", dictionary, rule);
}

function largestAt(values: Float64Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  return best;
}

function meanOfMatching(cosines: Float64Array, rows: number, columns: number): number {
  if (rows <= columns) {
    const found = largestAssignment(cosines, rows, columns);
    return found.reduce((sum, column, row) => sum + cosines[row * columns + column], 0) / rows;
  }
  const turned = cosines.map((_, at) => cosines[(at % rows) * columns + Math.floor(at / rows)]);
  return meanOfMatching(turned, columns, rows);
}

function testsOf(
  encoded: ArrayLike<number>,
  data: SyntheticData,
  matches: readonly number[],
  features: number,
) {
  const { samples, features: count, coefficients } = data;
  return matches.map((truth, feature) => {
    const counts = { both: 0, on: 0, true: 0 };
    for (let sample = 0; sample < samples; sample++) {
      const on = encoded[sample * features + feature] > 0;
      const really = coefficients[sample * count + truth] > 0;
      counts.both += on && really ? 1 : 0;
      counts.on += on ? 1 : 0;
      counts.true += really ? 1 : 0;
    }
    const precision = counts.on > 0 ? counts.both / counts.on : 0;
    const recall = counts.true > 0 ? counts.both / counts.true : 0;
    const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
    const wrong = counts.on + counts.true - 2 * counts.both;
    return { precision, recall, f1, on: counts.on, accuracy: 1 - wrong / samples };
  });
}

function reconstructionOf(x: MxArray, y: MxArray): { shrinkage: number; explained: number } {
  const norms = (array: MxArray) => mx.sqrt(mx.sum(mx.square(array), 1));
  const spread = mx.sum(mx.square(mx.subtract(x, mx.mean(x, 0, true))));
  const left = mx.sum(mx.square(mx.subtract(x, y)));
  return {
    shrinkage: Number(mx.mean(mx.divide(norms(y), norms(x))).item()),
    explained: Number(mx.subtract(1, mx.divide(left, spread)).item()),
  };
}
