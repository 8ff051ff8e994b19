/** A linear probe: a direction and a threshold, fitted to rows of activations, by logistic regression or class means. */

import { checkReal, InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import { checkList } from "@mlxterp/results/errors";
import { z } from "zod";
import { fitLogistic } from "../directions/logistic.js";
import { dot, meanRow, pickColumns, type Rows, rowsOf, times } from "../directions/matrix.js";

const probeRules = ["logistic", "massMean"] as const;

const fitOptions = z.object({
  rule: z
    .enum(probeRules)
    .default("logistic")
    .describe("logistic regression, or the line between the means of both classes"),
  C: z.number().positive().default(1).describe("how much errors weigh against large weights"),
  sparse: z.int().min(1).optional().describe("how many coordinates, those whose means differ most"),
});

/** Options of `fitProbe`. */
export type FitProbeOptions = z.input<typeof fitOptions>;

/** What a probe is: `row · direction + bias` is above 0 for label 1. */
export interface LinearProbe {
  /** (hidden), in the activations' own basis and unit. */
  readonly direction: Float64Array;
  readonly bias: number;
  /** The coordinates that are read, where not all are. */
  readonly coordinates?: readonly number[];
}

/**
 * Fits a probe. Columns are standardised for the fit, and the result is in the activations' own units.
 *
 * @param rows (rows, hidden)
 * @param labels 0 or 1 for each
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for labels that do not fit, or of one class only
 * @example
 * const rows = mx.array([[1, 0], [2, 1], [-1, 0], [-2, 1]]);
 * const probe = fitProbe(rows, [1, 1, 0, 0]);
 * probe.direction[0] > Math.abs(probe.direction[1]); // true
 */
export function fitProbe(
  rows: MxArray,
  labels: readonly number[],
  options?: FitProbeOptions,
): LinearProbe {
  const asked = parseOptions("fitProbe", fitOptions, options);
  checkReal("rows", rows);
  checkList("labels", labels);
  if (rows.ndim !== 2 || rows.shape[0] !== labels.length) {
    const rule = `${labels.length} labels do not fit rows of shape [${rows.shape.join(", ")}].`;
    throw new InvalidArgumentError("labels", labels.length, rule);
  }
  return fit(rowsOf(rows), labels, asked);
}

interface Fit {
  readonly rule: (typeof probeRules)[number];
  readonly C: number;
  readonly sparse?: number | undefined;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for labels of one class only */
export function fit(rows: Rows, labels: readonly number[], { rule, C, sparse }: Fit): LinearProbe {
  if (!labels.includes(0) || !labels.includes(1) || labels.some((one) => one !== 0 && one !== 1)) {
    throw new InvalidArgumentError("labels", [...new Set(labels)], "must be 0 or 1, and both.");
  }
  const chosen = sparse === undefined || sparse >= rows.width ? undefined : mostDifferent(rows, labels, sparse); // biome-ignore format: one line
  const read = chosen ? pickColumns(rows, chosen) : rows;
  const own = rule === "massMean" ? byMeans(read, labels) : byLogistic(read, labels, C);
  if (!chosen) return own;
  const direction = new Float64Array(rows.width);
  for (const [at, column] of chosen.entries()) direction[column] = own.direction[at];
  return { direction, bias: own.bias, coordinates: chosen };
}

/** Scores of rows: above 0 speaks for label 1. */
export function scoresOf({ direction, bias }: LinearProbe, rows: Rows): Float64Array {
  return times(rows, direction).map((value) => value + bias);
}

function byMeans(rows: Rows, labels: readonly number[]): LinearProbe {
  const [one, other] = classMeans(rows, labels);
  const spread = spreads(rows, meanRow(rows));
  const direction = one.map((value, at) => (Number.isFinite(spread[at]) ? value - other[at] : 0));
  const middle = one.map((value, at) => (value + other[at]) / 2);
  return { direction, bias: -dot(direction, middle) };
}

function byLogistic(rows: Rows, labels: readonly number[], C: number): LinearProbe {
  const mean = meanRow(rows);
  const spread = spreads(rows, mean);
  const values = rows.values.map(
    (value, at) => (value - mean[at % rows.width]) / spread[at % rows.width],
  );
  const { weights, bias } = fitLogistic({ ...rows, values }, labels, C);
  const direction = weights.map((value, at) => value / spread[at]);
  return { direction, bias: bias - dot(direction, mean) };
}

function classMeans(rows: Rows, labels: readonly number[]) {
  return [1, 0].map((label) => meanRow(rows, (index) => labels[index] === label));
}

/**
 * What differs by less, beside what numbers are there, differs by rounding. The same token in another row of a batch is summed in another order, and which row
 * a prompt stands in may be its class: a probe would read that, and be right.
 */
const rounding = 1e-5;

/**
 * The standard deviation of each column; infinite where nothing varies but by rounding, so that nothing is read there.
 *
 * @param variance of each column, around its mean
 */
export function spreadsOf(mean: Float64Array, variance: Float64Array): Float64Array {
  const sizes = variance.map((one, at) => Math.sqrt(Math.max(0, one) + mean[at] ** 2)).sort();
  const usual = sizes[Math.floor(sizes.length / 2)]; // a few columns may be a thousand times as large
  return variance.map((one, at) => {
    const spread = Math.sqrt(Math.max(0, one));
    const least = rounding * Math.max(usual, 0.1 * Math.abs(mean[at]));
    return spread > least ? spread : Number.POSITIVE_INFINITY;
  });
}

function spreads({ count, width, values }: Rows, mean: Float64Array): Float64Array {
  const squares = new Float64Array(width);
  for (let at = 0; at < values.length; at++)
    squares[at % width] += (values[at] - mean[at % width]) ** 2;
  return spreadsOf(
    mean,
    squares.map((sum) => sum / count),
  );
}

/** The columns whose class means are farthest apart, in standard deviations. */
function mostDifferent(rows: Rows, labels: readonly number[], count: number): number[] {
  const [one, other] = classMeans(rows, labels);
  const spread = spreads(rows, meanRow(rows));
  const far = one.map((value, at) => Math.abs(value - other[at]) / spread[at]);
  const order = [...far.keys()].sort((a, b) => far[b] - far[a]);
  return order.slice(0, count).sort((a, b) => a - b);
}
