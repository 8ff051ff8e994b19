/** Two arrays that should be equal, and how far apart they are. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";

/** What should be equal to what, somewhere in the model. */
export interface Comparison {
  /** The site, or what else distinguishes this comparison from others of its invariant. */
  readonly where: string;
  readonly received: MxArray;
  readonly expected: MxArray;
}

/** The largest differences of one comparison, still lazy. */
export interface Measure {
  readonly where: string;
  /** (2): max |received − expected|, max |expected| */
  readonly numbers: MxArray;
}

/** How far apart two arrays are. */
export interface Distance {
  readonly where: string;
  /** The largest absolute difference; infinite when there is a NaN. */
  readonly difference: number;
  /** The largest absolute value expected. */
  readonly magnitude: number;
}

/** Reduces comparisons to two numbers each, so that the arrays themselves need not be kept. */
export function measure(comparisons: readonly Comparison[]): Measure[] {
  return comparisons.map(({ where, received, expected }) => {
    const apart = mx.abs(mx.subtract(received, expected));
    const largest = mx.max(mx.where(mx.isnan(apart), Number.POSITIVE_INFINITY, apart));
    const numbers = mx.stack([largest, mx.max(mx.abs(expected))]).astype(mx.float32);
    return { where, numbers };
  });
}

/** Computes measures and finds the one furthest apart, relative to its magnitude. */
export async function worst(measures: readonly Measure[]): Promise<Distance> {
  await evaluate(measures.map(({ numbers }) => numbers));
  const distances = measures.map(({ where, numbers }): Distance => {
    const [difference, magnitude] = numbers.tolist() as [number, number];
    return { where, difference, magnitude };
  });
  return distances.reduce((a, b) => (relative(b) > relative(a) ? b : a));
}

/** A difference in units of what is compared; values below one count as one. */
export function relative({ difference, magnitude }: Distance): number {
  return difference / Math.max(1, magnitude);
}
