/** A linear layer whose blocks of channels see only themselves. */
import type { Axes } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";

export class BlockLinear extends nn.Module {
  weight: MxArray; // (blocks, in, out)
  bias: MxArray; // (blocks, out)

  constructor(blocks: number, width: number) {
    super();
    this.weight = mx.zeros([blocks, width, width]);
    this.bias = mx.zeros([blocks, width]);
  }

  get outputAxes(): Axes {
    return ["batch", "position", "mlpHidden"];
  }

  /** @param x (batch, position, blocks · in) */
  override forward(x: MxArray): MxArray {
    const { weight, bias } = this;
    const [batch, length] = x.shape;
    const [blocks, width] = weight.shape;
    const byBlock = x.reshape([batch * length, blocks, width]).transpose(1, 0, 2);
    const result = mx.add(mx.matmul(byBlock, weight), mx.expandDims(bias, 1));
    return result.transpose(1, 0, 2).reshape([batch, length, -1]);
  }
}
