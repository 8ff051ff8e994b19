/** A short causal convolution, each channel by itself. */
import type { Axes } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { behindPads } from "../../decoder/positions/padding.js";
import type { MixerCache } from "../caches/cache.js";
import type { Pads } from "./mixer.js";

/** `output[t] = Σ_j weight[:, j] · input[t - kernel + 1 + j] + bias`, with zeros before the first position. */
export class CausalConvolution extends nn.Module {
  readonly kernel: number;
  weight: MxArray; // (channels, kernel)
  bias: MxArray | null = null; // (channels)

  constructor(channels: number, kernel: number, bias: boolean) {
    super();
    this.kernel = kernel;
    this.weight = mx.zeros([channels, kernel]);
    if (bias) this.bias = mx.zeros([channels]);
  }

  get outputAxes(): Axes {
    return ["batch", "position", "mlpHidden"];
  }

  /**
   * @param window the inputs, after the `kernel - 1` ones before them: (batch, kernel - 1 + position, channels)
   * @returns (batch, position, channels)
   */
  override forward(window: MxArray): MxArray {
    const { weight, bias, kernel } = this;
    const length = window.shape[1] - kernel + 1;
    const all = mx.Slice();
    let sum: MxArray | undefined = bias ?? undefined;
    for (let tap = 0; tap < kernel; tap++) {
      const seen = window.index(all, mx.Slice(tap, tap + length));
      const weighted = mx.multiply(seen, weight.index(all, tap));
      sum = sum ? mx.add(sum, weighted) : weighted;
    }
    return sum!; // a kernel has at least one column
  }

  /**
   * The convolution of a pass's inputs behind those it still sees of earlier tokens, which the cache then keeps.
   *
   * @param entering (batch, position, channels); pads do not enter
   */
  over(entering: MxArray, cache?: MixerCache, pads?: Pads): MxArray {
    const [batch, , channels] = entering.shape;
    const earlier = this.kernel - 1;
    const real = pads ? mx.multiply(entering, pads.real) : entering;
    const before = cache?.window ?? mx.zeros([batch, earlier, channels], entering.dtype);
    const window =
      pads && cache?.window
        ? behindPads(mx.expandDims(before, 1), mx.expandDims(real, 1), pads.counts).squeeze(1)
        : mx.concatenate([before, real], 1);
    if (cache) cache.window = window.index(mx.Slice(), mx.Slice(window.shape[1] - earlier, null));
    return this.forward(window);
  }
}
