/** The mixer of RecurrentGemma: a convolution and a gated linear recurrence, each channel by itself. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../../decoder/axes.js";
import { activations } from "../../decoder/mlp/activations.js";
import type { MixerCache } from "../caches/cache.js";
import { scanStates } from "../scans/diagonal.js";
import { BlockLinear } from "./block-linear.js";
import type { GatedLinearConfig } from "./config.js";
import { CausalConvolution } from "./convolution.js";
import { keptAtPads, type Mixer, nothingAtPads, type Pads } from "./mixer.js";

/** How fast a channel forgets where its gate is open. */
const steepness = 8;

/**
 * `state[t] = decay[t] · state[t - 1] + √(1 - decay[t]²) · inputGate[t] · signal[t]`: what a channel forgets it takes in.
 * Source: De et al. 2024, "Griffin: Mixing Gated Linear Recurrences with Local Attention", section 2.4.
 */
export class GatedLinear extends nn.Module implements Mixer {
  readonly activation: (x: MxArray) => MxArray;
  readonly inProj: Linear;
  readonly gateProj: Linear;
  readonly gate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The branch that multiplies what was remembered, before its nonlinearity.",
  });
  readonly convolution: CausalConvolution;
  readonly signal = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The convolved input: what is written and what both gates are computed from.",
  });
  readonly inputGateProj: BlockLinear;
  readonly inputGate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The share of the signal that is let in, from 0 to 1.",
  });
  readonly decayGateProj: BlockLinear;
  readonly decay = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The part of each channel's state that remains when the token comes.",
  });
  readonly write = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What the token adds to each state; a change is carried on to later positions.",
  });
  readonly state = new Tap(["batch", "position", "mlpHidden"], {
    holds:
      "The state after each token. A change alters what is read there, not what is carried on.",
  });
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The states after the gate: what `outProj` reads.",
  });
  readonly outProj: Linear;
  /** How fast each channel forgets, before a softplus, (channels). */
  decayRate: MxArray;

  constructor(hidden: number, { inner, blocks, kernel, activation }: GatedLinearConfig) {
    super();
    this.activation = activations[activation];
    this.inProj = new nn.Linear(hidden, inner, true);
    this.gateProj = new nn.Linear(hidden, inner, true);
    this.convolution = new CausalConvolution(inner, kernel, true);
    this.inputGateProj = new BlockLinear(blocks, inner / blocks);
    this.decayGateProj = new BlockLinear(blocks, inner / blocks);
    this.outProj = new nn.Linear(inner, hidden, true);
    this.decayRate = mx.zeros([inner]);
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
    const gate = this.activation(this.gate.forward(this.gateProj.forward(x)));
    const convolved = this.convolution.over(this.inProj.forward(x), cache, pads);
    const states = this.state.forward(this.remember(this.signal.forward(convolved), cache, pads));
    const passed = mx.multiply(states.astype(gate.dtype), gate);
    return this.outProj.forward(this.post.forward(passed));
  }

  /** The states after each token, (batch, position, channels). */
  private remember(signal: MxArray, cache?: MixerCache, pads?: Pads): MxArray {
    const opened = this.inputGate.forward(mx.sigmoid(this.inputGateProj.forward(signal)));
    const forgetting = mx.sigmoid(this.decayGateProj.forward(signal));
    const rate = mx.multiply(mx.logaddexp(this.decayRate, 0), -steepness); // softplus
    const decay = this.decay.forward(mx.exp(mx.multiply(forgetting, rate)));
    const room = mx.sqrt(mx.subtract(1, mx.square(decay)));
    const first = cache?.state ? undefined : firstTokens(signal, pads);
    const share = first ? mx.where(first, 1, room) : room;
    const written = mx.multiply(mx.multiply(signal, opened), share);
    const write = this.write.forward(written.astype(signal.dtype));
    const real = pads?.real;
    const states = scanStates(
      real ? keptAtPads(decay, real) : decay,
      real ? nothingAtPads(write, real) : write,
      cache?.state,
    );
    if (cache) cache.state = states.index(mx.Slice(), -1);
    return states;
  }
}

/** Where texts begin, which have nothing to forget; (1 or batch, position, 1) */
function firstTokens({ shape: [, length] }: MxArray, pads?: Pads): MxArray {
  const index = mx.arange(0, length, 1, mx.int32).reshape([1, length, 1]);
  const begin = pads ? mx.array([...pads.counts], mx.int32).reshape([-1, 1, 1]) : 0;
  return mx.equal(index, begin);
}
