/** For tests: contexts and token batches made by hand, and values read back. */
import type { Axes, SiteContext, TokenBatch } from "@mlxterp/core";
import { type Dtype, type MxArray, mx, toFlat } from "@mlxterp/mlx";

const residualAxes: Axes = ["batch", "position", "hidden"];
export const zAxes: Axes = ["batch", "position", "heads", "headDim"];
export const valueAxes: Axes = ["batch", "kvHeads", "position", "headDim"];
export const patternAxes: Axes = ["batch", "heads", "query", "key"];

/** The context of a residual site in a plain pass, unless something else is asked for. */
export function siteContext(changes: Partial<SiteContext> = {}): SiteContext {
  return {
    site: "layers.3",
    call: 0,
    axes: residualAxes,
    tokens: undefined,
    offset: 0,
    step: undefined,
    ...changes,
  };
}

/** Prompts of given lengths, of tokens 1, 2, 3, …, padded with 0. */
export function tokenBatch(
  lengths: readonly number[],
  padding: TokenBatch["padding"] = "right",
): TokenBatch {
  const width = Math.max(...lengths);
  const ids = lengths.map((length) => Array.from({ length }, (_, index) => index + 1));
  const rows = ids.map((row) => {
    const pads = new Array<number>(width - row.length).fill(0);
    return padding === "right" ? [...row, ...pads] : [...pads, ...row];
  });
  return { ids, lengths, padding, array: mx.array(rows, mx.int32) };
}

/** The numbers 1, 2, 3, … in a shape: every element differs, none is zero. */
export function counting(shape: readonly number[], dtype: Dtype = mx.float32): MxArray {
  const size = shape.reduce((product, length) => product * length, 1);
  return mx
    .arange(1, size + 1, 1, mx.float32)
    .reshape(shape)
    .astype(dtype);
}

/** The elements of an array, row by row. */
export function values(x: MxArray): number[] {
  return Array.from(toFlat(x));
}

/** Which elements differ between two arrays, row by row. */
export function changed(before: MxArray, after: MxArray): boolean[] {
  const [old, now] = [values(before), values(after)];
  return old.map((value, index) => value !== now[index]);
}
