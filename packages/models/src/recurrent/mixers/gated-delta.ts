/** The mixer of Qwen 3 Next: a memory of values under keys, which forgets and corrects itself, with every value as a site. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../../decoder/axes.js";
import { activations } from "../../decoder/mlp/activations.js";
import { Norm } from "../../decoder/norm/norm.js";
import type { MixerCache } from "../caches/cache.js";
import { type DeltaScan, followDeltas, scanDeltas } from "../scans/delta-scan.js";
import { scanStates } from "../scans/diagonal.js";
import type { GatedDeltaConfig } from "./config.js";
import { CausalConvolution } from "./convolution.js";
import { headStateSites } from "./head-state-sites.js";
import { keptAtPads, type Mixer, nothingAtPads, type Pads } from "./mixer.js";

const { silu } = activations;
const lengthEpsilon = 1e-6;

/**
 * Each head remembers values under keys. A token makes it forget by `decay`, then moves what it remembers under the token's key
 * by `beta` of the way to the token's value. Source: Yang, Kautz & Hatamizadeh 2024, "Gated Delta Networks".
 */
export class GatedDelta extends nn.Module implements Mixer {
  readonly config: GatedDeltaConfig;
  /** Queries, keys and values, which are convolved. */
  readonly inProj: Linear;
  readonly gateProj: Linear;
  readonly betaProj: Linear;
  readonly decayProj: Linear;
  readonly convolution: CausalConvolution;
  readonly q = new Tap(["batch", "position", "groups", "state"], {
    holds: "Queries by group, of length one and then scaled: what states are read with.",
  });
  readonly k = new Tap(["batch", "position", "groups", "state"], {
    holds: "Keys by group, of length one: what values are remembered under.",
  });
  readonly v = new Tap(["batch", "position", "heads", "headDim"], {
    holds: "Values by head, as they are to be remembered.",
  });
  readonly beta = new Tap(["batch", "position", "heads"], {
    holds:
      "How far what a head remembers under the key is moved to the value: 0 not at all, 1 whole.",
  });
  readonly decay = headStateSites.decay();
  readonly state = headStateSites.state();
  readonly read = headStateSites.read();
  readonly gate = new Tap(["batch", "position", "heads", "headDim"], {
    holds: "The branch that multiplies what was read, before its nonlinearity.",
  });
  readonly norm: Norm;
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "After norm and gate: what `outProj` reads.",
  });
  readonly outProj: Linear;
  /** The logarithm of each head's rate of forgetting, (heads). */
  decayRate: MxArray;
  /** Added to what decays are computed from, (heads). */
  stepBias: MxArray;

  constructor(hidden: number, config: GatedDeltaConfig) {
    super();
    const { heads, headDim, groups, state, kernel, norm } = config;
    const inner = heads * headDim;
    const convolved = inner + 2 * groups * state;
    this.config = config;
    this.inProj = new nn.Linear(hidden, convolved, false);
    this.gateProj = new nn.Linear(hidden, inner, false);
    this.betaProj = new nn.Linear(hidden, heads, false);
    this.decayProj = new nn.Linear(hidden, heads, false);
    this.convolution = new CausalConvolution(convolved, kernel, false);
    this.norm = new Norm(headDim, norm, { headAxis: "heads" });
    this.outProj = new nn.Linear(inner, hidden, false);
    this.decayRate = mx.zeros([heads]);
    this.stepBias = mx.ones([heads]);
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
    const { heads, headDim } = this.config;
    const [batch, length] = x.shape;
    const gated = this.gateProj.forward(x).reshape([batch, length, heads, headDim]);
    const gate = this.gate.forward(gated);
    const read = this.read.forward(this.remember(x, cache, pads));
    const normed = this.norm.forward(read.astype(x.dtype));
    const passed = mx.multiply(normed, silu(gate)).reshape([batch, length, heads * headDim]);
    return this.outProj.forward(this.post.forward(passed));
  }

  /** What each head reads after each token, (batch, position, heads, headDim). */
  private remember(x: MxArray, cache?: MixerCache, pads?: Pads): MxArray {
    const real = pads?.real;
    const { q, k, v } = this.project(x, cache, pads);
    const beta = this.beta.forward(mx.sigmoid(this.betaProj.forward(x)));
    const steps = mx.logaddexp(mx.add(this.decayProj.forward(x), this.stepBias), 0); // softplus
    const plain = mx.negative(mx.multiply(steps, mx.exp(this.decayRate)));
    const before = cache?.state;
    const scan = {
      ...{ values: v, keys: k, queries: q, ...(before && { before }) },
      ...{ beta: real ? nothingAtPads(beta, real) : beta },
      logDecay: real ? nothingAtPads(plain, real) : plain,
    };
    const { decay, state } = this;
    const changed = decay.changed ? decay.forward(mx.exp(plain)) : undefined;
    if (!changed) decay.derive(() => mx.exp(plain));
    const kept = changed && real ? keptAtPads(changed, real) : changed;
    const result = run(scan, kept);
    if (cache) cache.state = result.last;
    const states = () => {
      const written = mx.multiply(mx.expandDims(result.moved, 4), mx.expandDims(this.wide(k), 3));
      const decays = kept ?? mx.exp(scan.logDecay);
      return scanStates(decays.reshape([...decays.shape, 1, 1]), written, before);
    };
    if (state.changed) {
      return mx.matmul(state.forward(states()), mx.expandDims(this.wide(q), 4)).squeeze(4);
    }
    state.derive(states);
    return result.read;
  }

  /** (batch, position, groups or heads, …) */
  private project(x: MxArray, cache?: MixerCache, pads?: Pads) {
    const { heads, headDim, groups, state } = this.config;
    const [batch, length] = x.shape;
    const convolved = silu(this.convolution.over(this.inProj.forward(x), cache, pads));
    const width = groups * state;
    const [queries, keys, values] = convolved.split([width, 2 * width], -1);
    const byGroup = (y: MxArray) => unitLength(y.reshape([batch, length, groups, state]));
    return {
      q: this.q.forward(mx.multiply(byGroup(queries), state ** -0.5)),
      k: this.k.forward(byGroup(keys)),
      v: this.v.forward(values.reshape([batch, length, heads, headDim])),
    };
  }

  /** What each head has of its group, (batch, position, heads, state). */
  private wide(x: MxArray): MxArray {
    return mx.repeat(x, this.config.heads / this.config.groups, 2);
  }
}

/** One position is a step; decays that a pass gives may have no logarithm. */
function run(scan: DeltaScan, decay: MxArray | undefined) {
  const { logDecay, ...rest } = scan;
  if (decay) return followDeltas({ ...rest, decay });
  return logDecay.shape[1] === 1
    ? followDeltas({ ...rest, decay: mx.exp(logDecay) })
    : scanDeltas(scan);
}

function unitLength(x: MxArray): MxArray {
  return mx.multiply(x, mx.rsqrt(mx.add(mx.sum(mx.square(x), -1, true), lengthEpsilon)));
}
