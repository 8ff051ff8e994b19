/** How alike two representations of the same inputs are, whatever their bases and widths. */
import { checkReal, InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import { z } from "zod";
import { common, productOf, type Representation, representation } from "./representation.js";
import { type Columns, sizesOf, squares } from "./spectra.js";

/** The share of the variance that `svcca` keeps, where nothing else is said. */
export const kept = 0.99;

const svccaOptions = z.object({
  variance: z.number().positive().max(1).default(kept).describe("the share that is kept"),
});

/** How many directions of each are compared, and how they correlate. */
export interface CanonicalCorrelations {
  /** Largest first. */
  readonly correlations: readonly number[];
  readonly mean: number;
  readonly kept: readonly [first: number, second: number];
}

/**
 * Linear centred kernel alignment: 1 for representations that are rotations and scalings of each other.
 * Source: Kornblith et al. 2019, "Similarity of Neural Network Representations Revisited", arXiv 1905.00414.
 *
 * @param first (rows, width)
 * @param second (rows, other width), of the same inputs in the same order
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another number of rows, or rows that are all the same
 * @example
 * linearCka(mx.array([[1, 0], [0, 1], [2, 2]]), mx.array([[2, 0], [0, 2], [4, 4]])); // 1
 */
export function linearCka(first: MxArray, second: MxArray): number {
  return measures.cka(...pairOf(first, second));
}

/** What likeness may be. */
export type Measure = "cka" | "svcca" | "procrustes";

/** Each measure of two representations that have the same rows. */
export const measures: Readonly<
  Record<Measure, (first: Representation, second: Representation) => number>
> = {
  cka: (first, second) => common(first, second) / Math.sqrt(first.own() * second.own()),
  svcca: (first, second) => canonical(first, second, kept).mean,
  procrustes: (first, second) => {
    const [x, y] = [first.spanned(), second.spanned()];
    return nuclear(productOf(x, y)) / Math.sqrt(squares(x.columns) * squares(y.columns));
  },
};

function canonical(first: Representation, second: Representation, variance: number) {
  const [x, y] = [first.leading(variance), second.leading(variance)];
  return correlationsOf(productOf(x, y));
}

/** @param turned products of directions of length 1, of the one and of the other */
export function correlationsOf(turned: Columns): CanonicalCorrelations {
  const correlations = [...sizesOf(turned)].map((one) => Math.min(1, one));
  const mean = correlations.reduce((sum, one) => sum + one, 0) / correlations.length;
  return { correlations, mean, kept: [turned.rows, turned.count] };
}

/** The sum of singular values. */
export function nuclear(matrix: Columns): number {
  return sizesOf(matrix).reduce((sum, one) => sum + one, 0);
}

/**
 * Singular vector canonical correlations: of each the directions that hold most of the variance, and how well the ones can be told
 * from the others by linear maps. Source: Raghu et al. 2017, arXiv 1706.05806.
 *
 * @param options `variance` is the share that is kept; default 0.99
 * @throws as `linearCka`
 * @example
 * svcca(mx.array([[1, 0], [0, 1], [2, 2]]), mx.array([[2, 0], [0, 2], [4, 4]])).mean > 0.999; // true
 */
export function svcca(
  first: MxArray,
  second: MxArray,
  options?: z.input<typeof svccaOptions>,
): CanonicalCorrelations {
  const { variance } = parseOptions("svcca", svccaOptions, options);
  return canonical(...pairOf(first, second), variance);
}

/**
 * Orthogonal Procrustes similarity: how near the best rotation of the one comes to the other, both centred and of length 1; the squared
 * distance that is left is 2 − 2 · this. Source: Ding et al. 2021, "Grounding Representation Similarity with Statistical Testing", arXiv 2108.01661.
 *
 * @throws as `linearCka`
 * @example
 * procrustesSimilarity(mx.array([[1, 0], [0, 1], [2, 2]]), mx.array([[0, 1], [-1, 0], [-2, 2]])); // 1: turned by a right angle
 */
export function procrustesSimilarity(first: MxArray, second: MxArray): number {
  return measures.procrustes(...pairOf(first, second));
}

function checkSameInputs(first: MxArray, second: MxArray): void {
  const shapes = [checkReal("first", first).shape, checkReal("second", second).shape];
  if (shapes.every((shape) => shape.length === 2) && shapes[0][0] === shapes[1][0]) return;
  const rule = `two matrices with the same inputs as rows are needed, not [${shapes[0]}] and [${shapes[1]}].`;
  throw new InvalidArgumentError("second", shapes[1], rule);
}

function pairOf(first: MxArray, second: MxArray): [Representation, Representation] {
  checkSameInputs(first, second);
  return [representation("first", first), representation("second", second)];
}
