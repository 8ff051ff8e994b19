/** The mixer of Mamba 2: a convolution and a selective state space by heads, with every intermediate value as a site. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../../decoder/axes.js";
import { activations } from "../../decoder/mlp/activations.js";
import { Norm } from "../../decoder/norm/norm.js";
import type { MixerCache } from "../caches/cache.js";
import { scanStates } from "../scans/diagonal.js";
import { type HeadScan, scanHeads } from "../scans/head-scan.js";
import type { Mamba2MixerConfig } from "./config.js";
import { CausalConvolution } from "./convolution.js";
import { headStateSites, type StateSites } from "./head-state-sites.js";
import { keptAtPads, type Mixer, nothingAtPads, type Pads } from "./mixer.js";

const { silu } = activations;

/**
 * Each head's state forgets as a whole, by one step that the token chooses, and all heads of a group are written and read in
 * the same directions. Source: Dao & Gu 2024, "Transformers are SSMs", section 7.
 */
export class Mamba2Mixer extends nn.Module implements Mixer {
  readonly config: Mamba2MixerConfig;
  readonly inProj: Linear;
  readonly gate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The branch that multiplies what was remembered, before its nonlinearity.",
  });
  /** Over the signal and both directions. */
  readonly convolution: CausalConvolution;
  readonly signal = new Tap(["batch", "position", "heads", "headDim"], {
    holds: "The convolved and activated input by head: what is written.",
  });
  readonly B = new Tap(["batch", "position", "groups", "state"], {
    holds: "The direction in which a token is written into the states of a group's heads.",
  });
  readonly C = new Tap(["batch", "position", "groups", "state"], {
    holds: "The direction in which the states of a group's heads are read.",
  });
  readonly delta = new Tap(["batch", "position", "heads"], {
    holds: "The step of each head: near 0 it keeps its memory and takes in nothing.",
  });
  readonly decay = headStateSites.decay();
  readonly write = headStateSites.write();
  readonly state = headStateSites.state();
  readonly read = headStateSites.read();
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "After gate and norm: what `outProj` reads.",
  });
  /** Of what is read, behind the gate or before it; absent in some families. */
  readonly norm: Norm | undefined;
  readonly outProj: Linear;
  /** The logarithm of each head's rate of forgetting, (heads). */
  decayRate: MxArray;
  /** How much of the signal bypasses the state, (heads). */
  skip: MxArray;
  /** Added to steps, (heads). */
  stepBias: MxArray;

  constructor(hidden: number, config: Mamba2MixerConfig) {
    super();
    const { heads, headDim, state, groups, kernel, norm, normGroups = 1 } = config;
    const inner = heads * headDim;
    const convolved = inner + 2 * groups * state;
    this.config = config;
    this.inProj = new nn.Linear(hidden, inner + convolved + heads, config.projectionBias);
    this.convolution = new CausalConvolution(convolved, kernel, config.convolutionBias);
    if (norm) {
      const parts = { headAxis: "groups", heads: normGroups, lastAxis: "mlpHidden" } as const;
      this.norm = new Norm(inner / normGroups, norm, parts);
    }
    const { outputBias = config.projectionBias } = config;
    this.outProj = new nn.Linear(inner, hidden, outputBias);
    this.decayRate = mx.zeros([heads]);
    this.skip = mx.ones([heads]);
    this.stepBias = mx.zeros([heads]);
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
    const { outputScale } = this.config;
    const { gated, entering, steps } = this.project(x);
    const gate = this.gate.forward(gated);
    const convolved = silu(this.convolution.over(entering, cache, pads));
    const read = this.read.forward(this.remember(convolved, steps, cache, pads?.real));
    const post = this.post.forward(this.pass(read.reshape(gate.shape), gate));
    const written = this.outProj.forward(post);
    return outputScale === undefined ? written : mx.multiply(written, outputScale);
  }

  /** Gate, what enters the convolution, and steps before their bias; (batch, position, …). */
  private project(x: MxArray) {
    const { heads, headDim, groups, state, inputScale, projectionScales } = this.config;
    const widths = [heads * headDim, heads * headDim, groups * state, groups * state, heads];
    const ends = widths.map((_, index) => widths.slice(0, index + 1).reduce((a, b) => a + b));
    const read = inputScale === undefined ? x : mx.multiply(x, inputScale);
    const parts = this.inProj.forward(read).split(ends.slice(0, -1), -1);
    const scaled = parts.map((part, index) =>
      projectionScales ? mx.multiply(part, projectionScales[index]) : part,
    );
    const [gated, signal, B, C, steps] = scaled;
    return { gated, entering: mx.concatenate([signal, B, C], -1), steps };
  }

  /** Writes the signal into the states and reads it out again, (batch, position, heads, headDim). */
  private remember(convolved: MxArray, steps: MxArray, cache?: MixerCache, real?: MxArray) {
    const { heads, headDim, groups, state, stepLimits } = this.config;
    const [batch, length] = convolved.shape;
    const inner = heads * headDim;
    const cuts = [inner, inner + groups * state];
    const [x, before, after] = convolved.split(cuts, -1);
    const signal = this.signal.forward(x.reshape([batch, length, heads, headDim]));
    const B = this.B.forward(before.reshape([batch, length, groups, state]));
    const C = this.C.forward(after.reshape([batch, length, groups, state]));
    const softplus = mx.logaddexp(mx.add(steps, this.stepBias), 0);
    const delta = this.delta.forward(stepLimits ? mx.clip(softplus, ...stepLimits) : softplus);
    const taken = real ? nothingAtPads(delta, real) : delta; // which then decays nothing either
    const read = recall(
      this,
      {
        logDecay: mx.negative(mx.multiply(taken, mx.exp(this.decayRate))),
        values: mx.multiply(mx.expandDims(taken, 3), signal),
        keys: B,
        queries: C,
      },
      cache,
      real,
    );
    return mx.add(read, mx.multiply(signal, mx.expandDims(this.skip, 1)));
  }

  /** Through the gate and the norm, (batch, position, mlpHidden). */
  private pass(read: MxArray, gate: MxArray): MxArray {
    const { norm } = this;
    const { normGroups = 1, normBeforeGate } = this.config;
    const normalize = (x: MxArray) =>
      norm ? norm.forward(x.reshape([...x.shape.slice(0, 2), normGroups, -1])).reshape(x.shape) : x;
    if (normBeforeGate) return mx.multiply(normalize(read), silu(gate));
    return normalize(mx.multiply(read, silu(gate)));
  }
}

/**
 * What heads read of their states: in chunks, unless a pass changes what states are made of.
 *
 * @param real see `Pads`; what enters is nothing at pads already
 * @returns (batch, position, heads, headDim)
 */
function recall(
  { decay, write, state }: StateSites,
  scan: Omit<HeadScan, "before">,
  cache?: MixerCache,
  real?: MxArray,
): MxArray {
  const { logDecay, values, keys, queries } = scan;
  const heads = values.shape[2];
  const wide = (x: MxArray) => mx.repeat(x, heads / x.shape[2], 2); // (batch, position, heads, state)
  const before = cache?.state;
  const decays = () => mx.exp(logDecay);
  const writes = () => mx.multiply(mx.expandDims(values, 4), mx.expandDims(wide(keys), 3));
  const states = (kept: MxArray, written: MxArray) =>
    scanStates(kept.reshape([...kept.shape, 1, 1]), written, before);
  if (decay.changed || write.changed || state.changed) {
    const kept = decay.forward(decays());
    const written = write.forward(writes());
    const all = real
      ? states(keptAtPads(kept, real), nothingAtPads(written, real))
      : states(kept, written);
    if (cache) cache.state = all.index(mx.Slice(), -1);
    return mx.matmul(state.forward(all), mx.expandDims(wide(queries), 4)).squeeze(4);
  }
  decay.derive(decays);
  write.derive(writes);
  state.derive(() => states(decays(), writes()));
  const { read, last } = scanHeads({ ...scan, ...(before && { before }) });
  if (cache) cache.state = last;
  return read;
}
