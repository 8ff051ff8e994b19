/** Small helpers on lists. */
import { InvalidArgumentError } from "@mlxterp/mlx";

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Parts of a list, each of `batchSize` items; the last may be shorter. */
export function inBatches<T>(list: readonly T[], batchSize: number): T[][] {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    const rule = `must be a positive integer, not ${batchSize}.`;
    throw new InvalidArgumentError("batchSize", batchSize, rule);
  }
  const count = Math.ceil(list.length / batchSize);
  return Array.from({ length: count }, (_, index) =>
    list.slice(index * batchSize, (index + 1) * batchSize),
  );
}
