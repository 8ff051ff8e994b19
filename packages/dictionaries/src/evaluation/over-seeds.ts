/**
 * What differs between seeds: an interval around a measure, and the smallest difference between two trainings that is more than noise.
 * Source: Student 1908; two means of as many runs, of equal spread.
 */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Estimate } from "@mlxterp/results";

export interface SeedNoise extends Estimate {
  /** The standard deviation between seeds, of n − 1. */
  readonly deviation: number;
  /** Means of as many seeds each that differ by less do not differ by more than chance, at 95 %. */
  readonly smallestDifference: number;
}

/** 97.5 % of Student's t by degrees of freedom, from 1. */
const quantiles = [
  ...[12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814],
  ...[2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596],
  ...[2.07961, 2.07387, 2.06866, 2.0639, 2.05954, 2.05553, 2.05183, 2.04841, 2.04523, 2.04227],
];

/** Beyond the table by Cornish and Fisher's expansion, right to four digits there. */
function studentQuantile(freedom: number): number {
  const z = 1.959964;
  const expansion =
    z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
  return quantiles[freedom - 1] ?? expansion;
}

/**
 * @param values a measure of trainings that differ in their seed alone
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for fewer than two, or what is not finite
 * @example
 * overSeeds([0.71, 0.73, 0.72]).smallestDifference; // 0.0226…
 */
export function overSeeds(values: readonly number[]): SeedNoise {
  if (!Array.isArray(values) || values.length < 2 || !values.every(Number.isFinite)) {
    throw new InvalidArgumentError("values", values, "two finite numbers or more are needed.");
  }
  const n = values.length;
  const value = values.reduce((sum, one) => sum + one, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1));
  const half = (studentQuantile(n - 1) * deviation) / Math.sqrt(n);
  const smallestDifference = studentQuantile(2 * n - 2) * deviation * Math.sqrt(2 / n);
  return {
    value,
    low: value - half,
    high: value + half,
    n,
    how: "seeds",
    deviation,
    smallestDifference,
  };
}
