/** The norm before attention as a function, for an MLP that reads through the same one. */
import type { MxArray } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";

/** @returns (…, hidden) → (…, hidden); `graphOf` has seen that it gives what the MLP reads */
export function sharedNorm({ module }: AnalysisModel, layer: number): (x: MxArray) => MxArray {
  const parts = ["layers", String(layer), "inputNorm"];
  const norm = parts.reduce<unknown>((whole, part) => (whole as Record<string, unknown> | undefined)?.[part], module); // biome-ignore format: one line
  const { forward } = (norm ?? {}) as { forward?: (x: MxArray) => MxArray };
  return (x) => (forward ? forward.call(norm, x) : x);
}
