/**
 * Where the search for a subspace starts: in directions along which an exchange turns the answer, to first order.
 *
 * On the way from each base to its source the slope of what is judged says what each direction does; a direction does the more the more both differ along
 * it, in the same sense on all pairs. These are the first eigenvectors of a symmetric matrix, within the directions that the model reads: what pairs
 * differ in besides is larger, and would drown them. A start at random would have to find them by many small steps, and learns pairs by heart meanwhile.
 */
import { evaluate, hostMatrices, type MxArray, mx } from "@mlxterp/mlx";
import { dot, type Rows, row, rowsOf } from "../directions/matrix.js";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { logitsOf } from "../shared/token-sets.js";
import { type HeldPairs, interchangedLogits, pickPairs } from "./runs.js";

/** Slopes are taken in the middle of each of these parts of the way. */
const parts = 3;
/** No more pairs are needed to see what they have in common. */
const mostPairs = 256;
/** Directions whose slopes have less of the squares of the steepest are not what the model reads. */
const least = 1e-2;

/** @returns columns, most effective first; fewer than the activations are wide where pairs differ in fewer directions */
export async function informedColumns(
  model: AnalysisModel,
  held: HeldPairs,
  batchSize: number,
): Promise<Float64Array[]> {
  const [differences, slopes] = await alongTheWay(model, held, batchSize);
  const basis = spanOf(slopes);
  const inside = (rows: Rows) => basis.map((direction) => range(rows.count).map((at) => dot(row(rows, at), direction))); // biome-ignore format: one line
  const [moved, steep] = [inside(differences), inside(slopes)];
  const size = basis.length;
  const values = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < size; b++) {
      const both = (dot(moved[a], steep[b]) + dot(moved[b], steep[a])) / 2;
      values[a * size + b] = both / differences.count;
    }
  }
  const { vectors } = hostMatrices.symmetricEigenvalues({ rows: size, count: size, values });
  return range(size).map((at) => combined(basis, hostMatrices.column(vectors, at)));
}

/** What base and source differ by, and the mean slope between them: (pairs, hidden) each. */
async function alongTheWay(
  model: AnalysisModel,
  held: HeldPairs,
  batchSize: number,
): Promise<[Rows, Rows]> {
  const [differences, slopes]: [MxArray[], MxArray[]] = [[], []];
  for (const batch of inBatches(range(Math.min(mostPairs, held.ids.length)), batchSize)) {
    const rows = pickPairs(held, batch);
    const way = mx.subtract(rows.source, rows.base);
    const lead = (at: MxArray) => {
      const logits = interchangedLogits(model, { ...rows, base: at, source: at }, {});
      return mx.sum(mx.subtract(logitsOf(logits, rows.wrongAnswer), logitsOf(logits, rows.answer)));
    };
    const found = range(parts).map((part) =>
      mx.grad(lead)(mx.add(rows.base, mx.multiply(way, (part + 0.5) / parts))),
    );
    const slope = mx.divide(found.reduce((a, b) => mx.add(a, b)), parts); // biome-ignore format: one line
    await evaluate([way, slope]);
    differences.push(way);
    slopes.push(slope);
  }
  return [rowsOf(mx.concatenate(differences, 0)), rowsOf(mx.concatenate(slopes, 0))];
}

/** An orthonormal basis of what rows span, by the products of their pairs. */
function spanOf(rows: Rows): Float64Array[] {
  const columns = { rows: rows.width, count: rows.count, values: rows.values };
  const products = hostMatrices.transposedProduct(columns, columns);
  const { values, vectors } = hostMatrices.symmetricEigenvalues({ ...products, rows: rows.count });
  const kept = range(rows.count).filter((at) => values[at] > least * values[0]).slice(0, rows.width); // biome-ignore format: one line
  const all = range(rows.count).map((at) => row(rows, at));
  return kept.map((at) => {
    const own = combined(all, hostMatrices.column(vectors, at));
    return own.map((one) => one / Math.sqrt(values[at]));
  });
}

function combined(all: readonly Float64Array[], weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(all[0].length);
  for (const [index, own] of all.entries()) {
    for (let at = 0; at < sum.length; at++) sum[at] += weights[index] * own[at];
  }
  return sum;
}

/** Columns made complete by others at random, all orthonormal: (hidden, count). */
export function completed(
  first: readonly Float64Array[],
  random: readonly Float64Array[],
  count: number,
): number[][] {
  const found: Float64Array[] = [];
  for (const one of [...first, ...random]) {
    if (found.length === count) break;
    const own = one.slice();
    for (const _twice of [1, 2]) {
      for (const known of found) {
        const share = dot(own, known);
        for (let at = 0; at < own.length; at++) own[at] -= share * known[at];
      }
    }
    const length = Math.sqrt(dot(own, own));
    if (length > 1e-3) found.push(own.map((value) => value / length));
  }
  return range(found[0].length).map((at) => found.map((own) => own[at]));
}
