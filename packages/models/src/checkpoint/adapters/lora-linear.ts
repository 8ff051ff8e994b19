/** A linear layer with a live low-rank addition. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { Adapted } from "../../packed/full-weight.js";
import type { QuantizedLinear } from "../quantization/quantized-modules.js";

/**
 * `base(x) + scale · up(down(x))`. The three are sites: `qProj.base` is the layer without the adapter,
 * `qProj.down` the (batch, position, rank) bottleneck, and `qProj` itself their sum.
 * Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1.
 */
export class LoraLinear extends nn.Module implements Adapted {
  readonly base: Linear | QuantizedLinear;
  readonly down: Linear; // weight (rank, in)
  readonly up: Linear; // weight (out, rank)
  readonly scale: number;

  /**
   * @param down (rank, in)
   * @param up (out, rank)
   */
  constructor(base: Linear | QuantizedLinear, down: MxArray, up: MxArray, scale: number) {
    super();
    this.base = base;
    this.down = linear(down);
    this.up = linear(up);
    this.scale = scale;
  }

  /** The base's, so that whoever reads a layer's bias finds it. */
  get bias(): MxArray | undefined {
    return this.base.bias;
  }

  /** @param x (…, in); returns (…, out) */
  override forward(x: MxArray): MxArray {
    const { base, down, up, scale } = this;
    return mx.add(base.forward(x), mx.multiply(up.forward(down.forward(x)), scale));
  }
}

function linear(weight: MxArray): Linear {
  const [outputs, inputs] = weight.shape;
  const module = new nn.Linear(inputs, outputs, false);
  module.weight = weight;
  return module;
}
