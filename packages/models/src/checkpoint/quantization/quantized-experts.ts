/** Experts and routers whose matrices stay packed. */
import type { Axes } from "@mlxterp/core";
import { deviceName, type MxArray, mx } from "@mlxterp/mlx";
import type { Dispatch } from "../../decoder/experts/dispatch.js";
import { manyRows } from "../../packed/multiply-packed.js";
import { PackedModule } from "../../packed/packed-module.js";
import { type PackedWeight, unpack } from "../../packed/scheme.js";

/** The same projection of every expert, stacked. */
export class QuantizedExpertLinear extends PackedModule {
  bias: MxArray | null; // (experts, out)
  readonly #axes: Axes;

  constructor(packed: PackedWeight, bias: MxArray | null, axes: Axes) {
    super(packed);
    this.bias = bias;
    this.#axes = axes;
  }

  get outputAxes(): Axes {
    return this.#axes;
  }

  /** @param x (batch, position, in) or (batch, position, topK, in); returns (batch, position, topK, out) */
  override forward(x: MxArray, dispatch: Dispatch): MxArray {
    const { bias } = this;
    const product = this.multiply(x, dispatch);
    return bias ? mx.add(product, bias.index(dispatch.indices)) : product;
  }

  private multiply(x: MxArray, dispatch: Dispatch): MxArray {
    const { weight, scales, biases, groupSize, bits } = this;
    const onCpu = deviceName() === "cpu";
    if (onCpu && dispatch.indices.size >= manyRows * weight.shape[0]) {
      return dispatch.multiply(x, unpack(this).astype(x.dtype));
    }
    const product = (blocks: MxArray, experts: MxArray) =>
      // biome-ignore format: one argument list
      mx.gatherQMM(blocks, weight, scales, biases, null, experts, true, groupSize, bits);
    const matrix = weight.shape[1] * x.shape[x.ndim - 1];
    return dispatch.apply(x, product, onCpu ? 1 : dispatch.blockSize(matrix));
  }
}

/** Scores every expert for every token. */
export class QuantizedRouter extends PackedModule {
  bias: MxArray | null; // (experts)
  /** Added to scores for the choice only, (experts). */
  correction: MxArray | null;

  constructor(packed: PackedWeight, bias: MxArray | null, correction: MxArray | null) {
    super(packed);
    this.bias = bias;
    this.correction = correction;
  }

  get outputAxes(): Axes {
    return ["batch", "position", "experts"];
  }

  /** @param x (batch, position, hidden); returns logits, before softmax or sigmoid */
  override forward(x: MxArray): MxArray {
    const { weight, scales, biases, groupSize, bits, bias } = this;
    const logits = mx.quantizedMatmul(x, weight, scales, biases, true, groupSize, bits);
    return bias ? mx.add(logits, bias) : logits;
  }
}
