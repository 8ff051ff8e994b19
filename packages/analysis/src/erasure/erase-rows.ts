/** Erasers on the host: fitted to rows, applied to rows, and what of the label they leave. */
import { findDirection } from "../directions/find-direction.js";
import { fitLogistic } from "../directions/logistic.js";
import { dot, meanRow, pickRows, type Rows, row, times } from "../directions/matrix.js";
import { mean, range } from "../shared/lists.js";
import { type Eraser, fitLeace } from "./leace.js";
import type { AskedErasure } from "./options.js";

/**
 * @param rows of pairs: row 2i is of class 1, row 2i + 1 of class 0
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where the classes do not differ
 */
export function fitEraser(
  rows: Rows,
  { rule, direction }: Pick<AskedErasure, "rule" | "direction">,
): Eraser {
  if (rule === "leace") return fitLeace(rows, labelsOf(rows.count));
  const of = (odd: number) => pickRows(rows, range(rows.count).filter((at) => at % 2 === odd)); // biome-ignore format: one call
  return projection(rows, findDirection({ positive: of(0), negative: of(1) }, direction));
}

/** 1 and 0 by turns. */
export function labelsOf(count: number): number[] {
  return range(count).map((at) => 1 - (at % 2));
}

/** A direction projected out: what lies along it becomes what it is in the mean. */
export function projection(rows: Rows, unit: Float64Array): Eraser {
  return { mean: [...meanRow(rows)], reads: [[...unit]], writes: [[...unit]] };
}

export function erased(rows: Rows, { mean: centre, reads, writes }: Eraser): Rows {
  const values = rows.values.slice();
  for (let index = 0; index < rows.count; index++) {
    const own = values.subarray(index * rows.width, (index + 1) * rows.width);
    const shift = own.map((value, at) => value - centre[at]);
    for (const [at, read] of reads.entries()) {
      const share = dot(shift, read);
      for (let place = 0; place < own.length; place++) own[place] -= share * writes[at][place];
    }
  }
  return { ...rows, values };
}

/** The mean squared distance between rows, as a share of their variance. */
export function movedShare(before: Rows, after: Rows): number {
  const centre = meanRow(before);
  let [moved, spread] = [0, 0];
  for (const [at, value] of before.values.entries()) {
    moved += (value - after.values[at]) ** 2;
    spread += (value - centre[at % before.width]) ** 2;
  }
  return spread === 0 ? 0 : moved / spread;
}

/** The largest difference between the class means. */
export function largestCovariance(rows: Rows, labels: readonly number[]): number {
  const [one, other] = [1, 0].map((label) => meanRow(rows, (at) => labels[at] === label));
  return Math.max(...one.map((value, at) => Math.abs(value - other[at])));
}

/** Errors weigh so much that the probe's own size does not: what the best linear reader can do. */
const free = 1e3;

/** What a logistic reader of these rows gains over a constant, in nats a row; rows are standardised together. */
export function linearGain(rows: Rows, labels: readonly number[]): number {
  const { weights, bias } = fitLogistic(rows, labels, free);
  const scores = times(rows, weights);
  const losses = labels.map((label, at) => Math.log1p(Math.exp((label > 0 ? -1 : 1) * (scores[at] + bias)))); // biome-ignore format: one list
  const share = mean([...labels]);
  const constant = -share * Math.log(share) - (1 - share) * Math.log(1 - share);
  return constant - mean(losses);
}

/** Rows by a common centre and one scale for all columns, so that a fit does not depend on their unit. */
export function scaled(rows: Rows, by: Rows): Rows {
  const centre = meanRow(by);
  const spread = Math.sqrt(mean(range(by.count).map((at) => dot(shifted(by, at, centre), shifted(by, at, centre)))) / by.width) || 1; // biome-ignore format: one number
  return { ...rows, values: rows.values.map((value, at) => (value - centre[at % rows.width]) / spread) }; // biome-ignore format: one object
}

function shifted(rows: Rows, index: number, centre: Float64Array): Float64Array {
  return row(rows, index).map((value, at) => value - centre[at]);
}
