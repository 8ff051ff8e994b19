/** A direction between two classes of activations, by one of several rules. */
import { hostMatrices, InvalidArgumentError } from "@mlxterp/mlx";
import { fitLogistic } from "./logistic.js";
import { covariance, dot, meanRow, type Rows, row, times, unit, weighted } from "./matrix.js";

export const directionRules = ["meanDifference", "pcaDifference", "pcaCentre", "logistic"] as const;

/**
 * - `meanDifference`: the mean of the one less that of the other
 * - `pcaDifference`: the first principal component of the differences of pairs, *after their mean is removed*, as `repeng` does: it is the
 *   direction in which pairs differ from each other, and can be at right angles to the mean difference
 * - `pcaCentre`: the first principal component of all rows, each less the mean of its pair
 * - `logistic`: the weights of a logistic regression
 */
export type DirectionRule = (typeof directionRules)[number];

/** Pairs of rows: row i of the one belongs to row i of the other. */
export interface PairedRows {
  readonly positive: Rows;
  readonly negative: Rows;
}

/**
 * @param C of the logistic regression
 * @returns (width), of length 1, pointing from the negative to the positive in most pairs
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where the classes do not differ
 */
export function findDirection(pairs: PairedRows, rule: DirectionRule, C = 1): Float64Array {
  const direction = unit(byRule(pairs, rule, C));
  if (dot(direction, direction) === 0) {
    throw new InvalidArgumentError("rule", rule, "the two classes do not differ here, so nothing points from one to the other."); // biome-ignore format: one line
  }
  if (rule !== "pcaDifference" && rule !== "pcaCentre") return direction;
  const [up, down] = [times(pairs.positive, direction), times(pairs.negative, direction)];
  const lower = up.filter((value, at) => value < down[at]).length;
  const higher = up.filter((value, at) => value > down[at]).length;
  return lower > higher ? direction.map((value) => -value) : direction;
}

function byRule({ positive, negative }: PairedRows, rule: DirectionRule, C: number): Float64Array {
  switch (rule) {
    case "meanDifference": {
      const from = meanRow(negative);
      return meanRow(positive).map((value, at) => value - from[at]);
    }
    case "pcaDifference":
      return firstComponent(difference(positive, negative, 1));
    case "pcaCentre": {
      const half = difference(positive, negative, 0.5);
      const values = new Float64Array(2 * half.values.length);
      values.set(half.values);
      values.set(
        half.values.map((value) => -value),
        half.values.length,
      );
      return firstComponent({ count: 2 * half.count, width: half.width, values });
    }
    case "logistic": {
      const values = new Float64Array(positive.values.length + negative.values.length);
      values.set(positive.values);
      values.set(negative.values, positive.values.length);
      const count = positive.count + negative.count;
      const labels = Array.from({ length: count }, (_, at) => (at < positive.count ? 1 : 0));
      return fitLogistic({ count, width: positive.width, values }, labels, C).weights;
    }
  }
}

function difference(a: Rows, b: Rows, factor: number): Rows {
  return { ...a, values: a.values.map((value, at) => factor * (value - b.values[at])) };
}

/** Of the centred rows, by the smaller of the two square matrices. */
function firstComponent(rows: Rows): Float64Array {
  const mean = meanRow(rows);
  const values = rows.values.map((value, at) => value - mean[at % rows.width]);
  const centred: Rows = { ...rows, values };
  const { count, width } = rows;
  if (width <= count) {
    const zero = new Float64Array(width);
    const matrix = { rows: width, count: width, values: covariance(centred, zero) };
    return hostMatrices.symmetricEigenvalues(matrix).vectors.values.slice(0, width);
  }
  const columns = { rows: width, count, values }; // each row of activations is a column here
  const products = { ...hostMatrices.transposedProduct(columns, columns), rows: count };
  const { vectors } = hostMatrices.symmetricEigenvalues(products);
  return weighted(centred, vectors.values.subarray(0, count)); // made one long by who asks
}

/** The mean length of rows: the unit in which strengths are given. */
export function meanLength(rows: Rows): number {
  let sum = 0;
  for (let at = 0; at < rows.count; at++) sum += Math.sqrt(dot(row(rows, at), row(rows, at)));
  return sum / rows.count;
}
