/** Numbers along an axis: from values to places, with round ticks. */

export interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/**
 * @param values what must fit
 * @param from the place of the lowest
 * @param to the place of the highest
 * @param zero whether zero must be in sight
 */
export function axisOf(
  values: Iterable<number | null | undefined>,
  from: number,
  to: number,
  zero = false,
): Axis {
  let [low, high] = zero ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  [low, high] = apart(low, high);
  const step = roundStep((high - low) / 5);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12))); // biome-ignore format: one list
  const [start, end] = [first * step, last * step];
  return { ticks, at: (value) => from + ((value - start) / (end - start)) * (to - from) };
}

/** A range that numbers can divide: wider where its ends are one number, or one but for rounding. */
function apart(low: number, high: number): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > Math.max(size * 1e-7, 1e-300)) return [low, high];
  const half = Math.max(0.5, size * 1e-7);
  return [low === 0 ? 0 : low - half, high + half];
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const rest = rough / power;
  return power * (rest > 5 ? 10 : rest > 2 ? 5 : rest > 1 ? 2 : 1);
}
