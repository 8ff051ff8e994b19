/** A linear layer with a live low-rank addition. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { Adapted } from "../../packed/full-weight.js";
import type { QuantizedLinear } from "../quantization/quantized-modules.js";

/** The addition. */
export interface LowRankAddition {
  readonly down: MxArray; // (rank, in)
  readonly up: MxArray; // (out, rank)
  readonly scale: number;
  /** What the sum is multiplied with, output by output, before the bias (DoRA), (out). */
  readonly factor?: MxArray;
}

/**
 * `base(x) + scale · up(down(x))`. The three are sites: `qProj.base` is the layer without the adapter,
 * `qProj.down` the (batch, position, rank) bottleneck, and `qProj` itself their sum.
 * Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1.
 */
export class LoraLinear extends nn.Module implements Adapted {
  readonly base: Linear | QuantizedLinear | LoraLinear;
  readonly down: Linear; // weight (rank, in)
  readonly up: Linear; // weight (out, rank)
  readonly scale: number;
  readonly factor: MxArray | undefined;

  constructor(
    base: Linear | QuantizedLinear | LoraLinear,
    { down, up, scale, factor }: LowRankAddition,
  ) {
    super();
    this.base = base;
    this.down = linear(down);
    this.up = linear(up);
    this.scale = scale;
    this.factor = factor;
  }

  /** The base's, so that whoever reads a layer's bias finds it. */
  get bias(): MxArray | undefined {
    return this.base.bias;
  }

  /** @param x (…, in); returns (…, out) */
  override forward(x: MxArray): MxArray {
    const { base, down, up, scale, factor, bias } = this;
    const sum = mx.add(base.forward(x), mx.multiply(up.forward(down.forward(x)), scale));
    if (!factor) return sum;
    if (!bias) return mx.multiply(sum, factor);
    return mx.add(mx.multiply(mx.subtract(sum, bias), factor), bias);
  }
}

function linear(weight: MxArray): Linear {
  const [outputs, inputs] = weight.shape;
  const module = new nn.Linear(inputs, outputs, false);
  module.weight = weight;
  return module;
}
