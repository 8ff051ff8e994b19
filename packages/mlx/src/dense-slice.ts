/** Slices whose numbers lie in row order and without gaps. */
import type { Index, MxArray, Slice } from "./types/array.js";
import type { Mx } from "./types/core.js";

export type IndexMethod = (this: MxArray, ...indices: Index[]) => MxArray;

/** Whether an index has a slice that may leave something out. */
export function cutsOf(indices: readonly Index[]): boolean {
  return indices.some(cuts);
}

function cuts(entry: Index): entry is Slice {
  if (typeof entry !== "object" || entry === null || !("start" in entry)) return false;
  const { start, stop, step } = entry;
  return start !== null || stop !== null || (step !== null && step !== 1);
}

/** Cuts by splitting, whose results are marked rightly; copies what then has gaps. */
export function denseSlice(
  mx: Mx,
  index: IndexMethod,
  array: MxArray,
  indices: readonly Index[],
): MxArray {
  let part = array;
  let axis = 0;
  const taken = indices.filter((entry) => entry !== null && entry !== "...").length;
  const rest = indices.map((entry): Index => {
    if (entry === null) return entry;
    const own = axis;
    axis += entry === "..." ? array.ndim - taken : 1;
    if (entry === "..." || !cuts(entry)) return entry;
    const range = rangeOf(entry, array.shape[own]);
    if (!range) return entry; // steps and empty ranges
    part = between(part, range, own);
    return mx.Slice();
  });
  const result = index.apply(part === array ? array : dense(part), rest);
  return rest.some(cuts) ? dense(result) : result;
}

/** Copies unless the array is in row order; strides are then those of its shape. */
export function dense(array: MxArray): MxArray {
  return array.size === 0 ? array : array.reshape([array.size]).reshape(array.shape);
}

interface Range {
  readonly start: number;
  readonly stop: number;
}

/** The bounds of an unbroken, not empty slice. */
function rangeOf({ start, stop, step }: Slice, length: number): Range | undefined {
  if (step !== null && step < 1) return undefined;
  const bound = (given: number) =>
    Math.min(Math.max(given < 0 ? given + length : given, 0), length);
  const range = { start: bound(start ?? 0), stop: bound(stop ?? length) };
  const size = range.stop - range.start;
  if (size <= 0) return undefined;
  if (step === null || step === 1) return range;
  return size <= step ? { start: range.start, stop: range.start + 1 } : undefined;
}

function between(array: MxArray, { start, stop }: Range, axis: number): MxArray {
  const length = array.shape[axis];
  if (start === 0 && stop === length) return array;
  const cutsAt = [...(start > 0 ? [start] : []), ...(stop < length ? [stop] : [])];
  return array.split(cutsAt, axis)[start > 0 ? 1 : 0];
}
