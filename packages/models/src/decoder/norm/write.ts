/** What a sub-module adds to the residual stream: its output after a post-norm or a multiplier. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Norm } from "./norm.js";

/** The parts of an attention or MLP that stand between its last projection and the residual stream. */
export interface Write {
  readonly postNorm: Norm | undefined;
  readonly outputScale: number | undefined;
}

/** @param output of the last projection, (batch, position, hidden) */
export function asAdded(output: MxArray, { postNorm, outputScale }: Write): MxArray {
  const normalized = postNorm ? postNorm.forward(output) : output;
  return outputScale === undefined ? normalized : mx.multiply(normalized, outputScale);
}
