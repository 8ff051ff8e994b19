/** The mixer of LFM2: a short convolution between two gates. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../../decoder/axes.js";
import type { MixerCache } from "../caches/cache.js";
import type { ShortConvolutionConfig } from "./config.js";
import { CausalConvolution } from "./convolution.js";
import type { Mixer, Pads } from "./mixer.js";

/** `outProj(gate · convolution(inputGate · signal))`: it remembers the last few tokens, and nothing before them. */
export class ShortConvolution extends nn.Module implements Mixer {
  readonly inProj: Linear;
  readonly inputGate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What multiplies the signal before the convolution.",
  });
  readonly gate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What multiplies the convolution's output, without a nonlinearity.",
  });
  readonly signal = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What is let in by the input gate.",
  });
  readonly write = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What enters the convolution; a change is carried on to the next positions.",
  });
  readonly convolution: CausalConvolution;
  readonly read = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What the convolution gives, before the gate.",
  });
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "After the gate: what `outProj` reads.",
  });
  readonly outProj: Linear;

  constructor(hidden: number, config: ShortConvolutionConfig) {
    super();
    const { kernel, projectionBias, convolutionBias } = config;
    this.inProj = new nn.Linear(hidden, 3 * hidden, projectionBias);
    this.convolution = new CausalConvolution(hidden, kernel, convolutionBias);
    this.outProj = new nn.Linear(hidden, hidden, projectionBias);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /** See `Mixer`. */
  override forward(x: MxArray, cache?: MixerCache, pads?: Pads): MxArray {
    const [before, after, plain] = this.inProj.forward(x).split(3, -1);
    const inputGate = this.inputGate.forward(before);
    const gate = this.gate.forward(after);
    const write = this.write.forward(mx.multiply(inputGate, this.signal.forward(plain)));
    const read = this.read.forward(this.convolution.over(write, cache, pads));
    return this.outProj.forward(this.post.forward(mx.multiply(gate, read)));
  }
}
