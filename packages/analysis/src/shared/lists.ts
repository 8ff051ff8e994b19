/** Small helpers on lists. */
import { InvalidArgumentError } from "@mlxterp/results";
import { brief } from "@mlxterp/results/errors";

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** 0, 1, … up to but without `count`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless `value` is a whole number from 1 */
function requirePositive(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(name, value, `must be a positive integer, not ${brief(value)}.`);
}

/** Parts of a list, each of `batchSize` items; the last may be shorter. */
export function inBatches<T>(list: readonly T[], batchSize: number): T[][] {
  const count = Math.ceil(list.length / requirePositive("batchSize", batchSize));
  return Array.from({ length: count }, (_, index) =>
    list.slice(index * batchSize, (index + 1) * batchSize),
  );
}

/** Numbers of lists in batches of one length each, in the order in which lengths are met. */
export function numbersByLength(lengths: readonly number[], batchSize: number): number[][] {
  return [...new Set(lengths)].flatMap((length) =>
    inBatches(
      range(lengths.length).filter((index) => lengths[index] === length),
      batchSize,
    ),
  );
}
