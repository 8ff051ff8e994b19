/** The norm before attention as a function, for an MLP that reads through the same one. */
import type { MxArray } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";

interface PlainNorm {
  readonly forward?: (x: MxArray) => MxArray;
  readonly plain?: (x: MxArray, by?: MxArray) => MxArray;
}

/**
 * @param held denominators to divide by, (…, 1). Default: those of what it reads
 * @returns (…, hidden) → (…, hidden); `graphOf` has seen that it gives what the MLP reads
 */
export function sharedNorm(
  { module }: AnalysisModel,
  layer: number,
  held?: MxArray,
): (x: MxArray) => MxArray {
  const parts = ["layers", String(layer), "inputNorm"];
  const norm = parts.reduce<unknown>((whole, part) => (whole as Record<string, unknown> | undefined)?.[part], module); // biome-ignore format: one line
  const { forward, plain } = (norm ?? {}) as PlainNorm;
  if (held && plain) return (x) => plain.call(norm, x, held);
  return (x) => (forward ? forward.call(norm, x) : x);
}
