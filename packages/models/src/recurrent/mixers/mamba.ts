/** The mixer of Mamba: a convolution and a selective state space, with every intermediate value as a site. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../../decoder/axes.js";
import { activations } from "../../decoder/mlp/activations.js";
import type { MixerCache } from "../caches/cache.js";
import { scanStates } from "../scans/diagonal.js";
import type { MambaMixerConfig } from "./config.js";
import { CausalConvolution } from "./convolution.js";
import { keptAtPads, type Mixer, nothingAtPads, type Pads } from "./mixer.js";

const { silu } = activations;

/**
 * Selective state space: how much a channel forgets and writes depends on the token.
 * Source: Gu & Dao 2023, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", section 3.
 */
export class MambaMixer extends nn.Module implements Mixer {
  readonly stepRank: number;
  readonly stateSize: number;
  readonly inProj: Linear;
  readonly gate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The branch that multiplies what was remembered, before its nonlinearity.",
  });
  readonly convolution: CausalConvolution;
  readonly signal = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The convolved and activated input: what is written and what steps are chosen by.",
  });
  readonly xProj: Linear;
  readonly dtProj: Linear;
  readonly delta = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The step: near 0 a channel keeps its memory and takes in nothing.",
  });
  readonly B = new Tap(["batch", "position", "state"], {
    holds: "The direction in which a token is written into each channel's state.",
  });
  readonly C = new Tap(["batch", "position", "state"], {
    holds: "The direction in which each channel's state is read.",
  });
  readonly decay = new Tap(["batch", "position", "mlpHidden", "state"], {
    holds: "The part of each state that remains when the token comes.",
  });
  readonly write = new Tap(["batch", "position", "mlpHidden", "state"], {
    holds: "What the token adds to each state; a change is carried on to later positions.",
  });
  readonly state = new Tap(["batch", "position", "mlpHidden", "state"], {
    holds:
      "The state after each token. A change alters what is read there, not what is carried on.",
  });
  readonly read = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What is read out, with the skip connection, before the gate.",
  });
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "After the gate: what `outProj` reads.",
  });
  readonly outProj: Linear;
  /** The logarithm of each state's rate of forgetting, (channels, state). */
  decayRate: MxArray;
  /** How much of the signal bypasses the state, (channels). */
  skip: MxArray;

  constructor(hidden: number, config: MambaMixerConfig) {
    super();
    const { inner, state, stepRank, kernel, projectionBias, convolutionBias } = config;
    this.stepRank = stepRank;
    this.stateSize = state;
    this.inProj = new nn.Linear(hidden, 2 * inner, projectionBias);
    this.convolution = new CausalConvolution(inner, kernel, convolutionBias);
    this.xProj = new nn.Linear(inner, stepRank + 2 * state, false);
    this.dtProj = new nn.Linear(stepRank, inner, true);
    this.outProj = new nn.Linear(inner, hidden, projectionBias);
    this.decayRate = mx.zeros([inner, state]);
    this.skip = mx.ones([inner]);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /**
   * @param x (batch, position, hidden), normalised
   * @param cache this layer's memory of earlier tokens
   * @param pads of each row: they enter neither the convolution nor the states
   * @returns (batch, position, hidden), what is added to the residual stream
   */
  override forward(x: MxArray, cache?: MixerCache, pads?: Pads): MxArray {
    const [projected, gated] = this.inProj.forward(x).split(2, -1);
    const gate = this.gate.forward(gated);
    const signal = this.signal.forward(silu(this.convolution.over(projected, cache, pads)));
    const read = this.read.forward(this.remember(signal, cache, pads?.real));
    return this.outProj.forward(this.post.forward(mx.multiply(read, silu(gate))));
  }

  /** Writes the signal into the states and reads it out again, (batch, position, channels). */
  private remember(signal: MxArray, cache?: MixerCache, real?: MxArray): MxArray {
    const { stepRank, stateSize } = this;
    const cuts = [stepRank, stepRank + stateSize];
    const [steps, B, C] = this.xProj.forward(signal).split(cuts, -1);
    const delta = this.delta.forward(mx.logaddexp(this.dtProj.forward(steps), 0)); // softplus
    const taken = mx.expandDims(mx.multiply(delta, signal), 3);
    const written = mx.multiply(taken, mx.expandDims(this.B.forward(B), 2));
    const rate = mx.negative(mx.exp(this.decayRate));
    const decay = this.decay.forward(mx.exp(mx.multiply(mx.expandDims(delta, 3), rate)));
    const write = this.write.forward(written);
    const kept = real ? nothingAtPads(write, real) : write;
    const states = scanStates(real ? keptAtPads(decay, real) : decay, kept, cache?.state);
    if (cache) cache.state = states.index(mx.Slice(), -1);
    const direction = mx.expandDims(this.C.forward(C), 3); // (batch, position, state, 1)
    const read = mx.matmul(this.state.forward(states), direction).squeeze(3);
    return mx.add(read, mx.multiply(signal, this.skip));
  }
}
