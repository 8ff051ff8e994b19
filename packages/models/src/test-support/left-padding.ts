/** Batches of prompts of different length, padded on the left. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** @param pad the id of the pads; nothing may depend on it */
export function padLeft(
  prompts: readonly (readonly number[])[],
  pad = 0,
): { rows: number[][]; ids: MxArray; padding: number[] } {
  const longest = Math.max(...prompts.map(({ length }) => length));
  const padding = prompts.map(({ length }) => longest - length);
  const rows = prompts.map((prompt, row) => [...new Array(padding[row]).fill(pad), ...prompt]);
  return { rows, ids: mx.array(rows, mx.int32), padding };
}
