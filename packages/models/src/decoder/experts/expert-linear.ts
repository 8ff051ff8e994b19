/** One linear layer of all experts at once. */
import type { Axes } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import type { Dispatch } from "./dispatch.js";

/** The same projection of every expert, stacked. */
export class ExpertLinear extends nn.Module {
  weight: MxArray; // (experts, out, in)
  bias: MxArray | null = null; // (experts, out)
  // Private, so that the binding does not list it among the module's parameters.
  readonly #axes: Axes;

  constructor(
    experts: number,
    sizes: { readonly from: number; readonly to: number; readonly bias: boolean },
    axes: Axes,
  ) {
    super();
    this.weight = mx.zeros([experts, sizes.to, sizes.from]);
    if (sizes.bias) this.bias = mx.zeros([experts, sizes.to]);
    this.#axes = axes;
  }

  get outputAxes(): Axes {
    return this.#axes;
  }

  /** @param x (batch, position, in) or (batch, position, topK, in); returns (batch, position, topK, out) */
  override forward(x: MxArray, dispatch: Dispatch): MxArray {
    const { weight, bias } = this;
    const product = dispatch.multiply(x, weight);
    return bias ? mx.add(product, bias.index(dispatch.indices)) : product;
  }
}
