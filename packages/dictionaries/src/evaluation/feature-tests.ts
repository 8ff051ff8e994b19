/**
 * Every feature as a test for a label: it says yes where it is on. Nothing is fitted.
 *
 * Precision is the share of rows where it is on that have the label, recall the share of rows with the label where it is on, and F1 their
 * harmonic mean, 0 where it is undefined. What always says yes has an F1 of 2p / (1 + p) at a share p of rows with the label, so a feature that
 * is below it tells nothing. The best of thousands is best by luck as well: judge it on other rows than those it was chosen by.
 */
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";

export interface FeatureTests {
  /** By feature. */
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
  /** The F1 of always saying yes. */
  readonly always: number;
}

/**
 * @param x activations where the dictionary reads, (rows, input)
 * @param labels whether the concept is there, one for each row
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for other labels than rows
 * @example
 * const x = mx.random.normal([64, 128]);
 * const labels = Array.from({ length: 64 }, (_, at) => at % 4 === 0);
 * featureTests(loadDictionary("tiny"), x, labels).always; // 0.4
 */
export function featureTests(
  dictionary: Dictionary,
  x: MxArray,
  labels: readonly boolean[],
): FeatureTests {
  checkDictionary("dictionary", dictionary);
  const encoded = dictionary.encode(x);
  const [rows] = encoded.shape;
  if (!Array.isArray(labels) || encoded.ndim !== 2 || labels.length !== rows || rows === 0) {
    const rule = `must be a yes or no for each of the ${rows} rows of x.`;
    throw new InvalidArgumentError("labels", labels, rule);
  }
  const on = mx.greater(encoded, 0).astype(mx.float32);
  const truth = mx.array(labels.map((label) => (label ? 1 : 0))).reshape([1, rows]);
  const [both, all] = [mx.matmul(truth, on), mx.sum(on, 0)].map((array) => toFlat(array));
  const positive = labels.filter(Boolean).length;
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
  const counts = Array.from(both, (hits, feature) => ({ hits, on: all[feature] }));
  return {
    precision: counts.map(({ hits, on }) => share(hits, on)),
    recall: counts.map(({ hits }) => share(hits, positive)),
    f1: counts.map(({ hits, on }) => share(2 * hits, on + positive)),
    always: share(2 * positive, rows + positive),
  };
}
