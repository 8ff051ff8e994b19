/** The bias of a layer that may be packed or have a live adapter. */
import type { Linear, MxArray } from "@mlxterp/mlx";

export function biasOf(layer: Linear | { readonly base: Linear }): MxArray | undefined {
  return ("base" in layer ? layer.base : layer).bias ?? undefined;
}
