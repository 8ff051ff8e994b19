/**
 * Erasure: takes out of activations everything that a linear probe could read of a label, and moves them as little as possible.
 *
 * LEACE is an affine map after which activations and labels have no covariance: then no linear classifier can do better than
 * a constant on the rows that it was fitted to, whatever its loss. Among all such maps it changes activations least.
 *
 * Caveats. The guarantee is for the rows that it was fitted to, for linear readers, at this place: nonlinear probes, later layers that combine, and
 * other positions may still know. On new rows it holds as far as their covariance is that of the fitted ones.
 *
 * Source: Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form", arXiv 2306.03819, theorem 4.3.
 */

import { brief, checkReal, hostMatrices, InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { checkList } from "@mlxterp/results/errors";
import { covariance, dot, meanRow, type Rows, row, rowsOf } from "../directions/matrix.js";

/** An eraser of low rank, as `eraseLinear` takes it. */
export interface Eraser {
  /** (hidden) */
  readonly mean: readonly number[];
  /** (rank, hidden) */
  readonly reads: readonly (readonly number[])[];
  /** (rank, hidden) */
  readonly writes: readonly (readonly number[])[];
}

/** Directions with less of the largest variance than this are outside of what the rows span. */
const support = 1e-11;

/**
 * Fits an eraser to rows of activations and their labels.
 *
 * @param rows (rows, hidden)
 * @param labels one for each row: classes by number or name, of which there may be more than two
 * @returns what `eraseLinear` makes an intervention of, for `run`, `edit` and generation; its rank is the number of classes less one
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another number of labels, a single class, or rows that are not finite
 * @example
 * const rows = mx.array([[1, 0], [2, 1], [-1, 0], [-2, 1]]);
 * const eraser = leace(rows, ["up", "up", "down", "down"]);
 * eraser.reads.length; // 1
 */
export function leace(rows: MxArray, labels: readonly (number | string)[]): Eraser {
  checkReal("rows", rows);
  checkList("labels", labels);
  if (rows.ndim !== 2 || rows.shape[0] !== labels.length) {
    const rule = `${labels.length} labels do not fit rows of shape [${rows.shape.join(", ")}].`;
    throw new InvalidArgumentError("labels", labels.length, rule);
  }
  for (const [row, label] of labels.entries()) checkLabel(`labels[${row}]`, label);
  return fitLeace(rowsOf(rows), labels);
}

/** Objects differ from one another even where they show the same: each would be a class. */
function checkLabel(argument: string, label: unknown): void {
  if (["number", "string", "boolean"].includes(typeof label) && !Number.isNaN(label)) return;
  throw new InvalidArgumentError(argument, label, `must be a number or a name, not ${brief(label)}.`); // biome-ignore format: one line
}

/**
 * The same of rows on the host.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a single class, or rows that are not finite
 */
export function fitLeace(host: Rows, labels: readonly (number | string)[]): Eraser {
  if (!host.values.every(Number.isFinite)) {
    throw new InvalidArgumentError("rows", [host.count, host.width], "must hold finite numbers.");
  }
  const classes = [...new Set(labels)];
  if (classes.length < 2) {
    throw new InvalidArgumentError("labels", classes, "all rows have one label: there is nothing to erase."); // biome-ignore format: one line
  }
  const mean = meanRow(host);
  const { roots, vectors } = rootsOf(host, mean);
  const about = classes.map((one) => labels.map((label) => (label === one ? 1 : 0)));
  const whitened = about.map((own) => whiten(covarianceWith(host, mean, own), roots, vectors));
  const basis = orthonormal(whitened);
  const back = (direction: Float64Array, factor: (root: number) => number) => {
    const result = new Float64Array(host.width);
    for (const [at, root] of roots.entries()) {
      const share = factor(root) * direction[at];
      const vector = vectors[at];
      for (let place = 0; place < result.length; place++) result[place] += share * vector[place];
    }
    return [...result];
  };
  return {
    mean: [...mean],
    reads: basis.map((direction) => back(direction, (root) => 1 / root)),
    writes: basis.map((direction) => back(direction, (root) => root)),
  };
}

/** The square roots of the covariance's eigenvalues, and their vectors, as far as the rows reach. */
function rootsOf(rows: Rows, mean: Float64Array) {
  const { U, roots } = rows.count < rows.width ? ofFewRows(rows, mean) : ofCovariance(rows, mean);
  const kept = roots.filter((root) => root ** 2 > support * roots[0] ** 2);
  return { roots: kept, vectors: kept.map((_, at) => hostMatrices.column(U, at)) };
}

function ofCovariance(rows: Rows, mean: Float64Array) {
  const matrix = { rows: rows.width, count: rows.width, values: covariance(rows, mean) };
  const { vectors, values } = hostMatrices.symmetricEigenvalues(matrix);
  return { U: vectors, roots: [...values].map((one) => Math.sqrt(Math.max(0, one))) };
}

/** Fewer rows than they are wide: the products of their pairs are the smaller matrix, and say no less. */
function ofFewRows({ width, count, values }: Rows, mean: Float64Array) {
  const centred = { rows: width, count, values: values.map((value, at) => value - mean[at % width]) }; // biome-ignore format: one object
  const products = { ...hostMatrices.transposedProduct(centred, centred), rows: count };
  const found = hostMatrices.symmetricEigenvalues(products);
  const lengths = [...found.values].map((one) => Math.sqrt(Math.max(0, one)));
  const scaled = { ...found.vectors, values: found.vectors.values.map((one, at) => one / (lengths[Math.floor(at / count)] || 1)) }; // biome-ignore format: one object
  return {
    U: hostMatrices.product(centred, scaled),
    roots: lengths.map((one) => one / Math.sqrt(count)),
  };
}

function covarianceWith(rows: Rows, mean: Float64Array, label: readonly number[]): Float64Array {
  const share = label.reduce((sum, one) => sum + one, 0) / rows.count;
  const result = new Float64Array(rows.width);
  for (let index = 0; index < rows.count; index++) {
    const [own, weight] = [row(rows, index), (label[index] - share) / rows.count];
    for (let at = 0; at < result.length; at++) result[at] += weight * (own[at] - mean[at]);
  }
  return result;
}

/** In coordinates of the eigenvectors, where the covariance is 1. */
function whiten(vector: Float64Array, roots: readonly number[], vectors: readonly Float64Array[]) {
  return Float64Array.from(roots, (root, at) => dot(vectors[at], vector) / root);
}

/** An orthonormal basis of what vectors span; one of the classes depends on the others. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    for (const _twice of [1, 2]) {
      for (const known of basis) {
        const share = dot(rest, known);
        for (let at = 0; at < rest.length; at++) rest[at] -= share * known[at];
      }
    }
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-7 * Math.sqrt(dot(vector, vector)) && length > 1e-12) {
      basis.push(rest.map((value) => value / length));
    }
  }
  return basis;
}
