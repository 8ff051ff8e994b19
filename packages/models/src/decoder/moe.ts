/** A mixture of experts in the place of the MLP: each token goes through a few of many MLPs. */
import { type Axes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { activations } from "./activations.js";
import { residualAxes } from "./axes.js";
import type { MlpConfig } from "./config.js";
import { Dispatch } from "./dispatch.js";
import type { ExpertsConfig } from "./experts-config.js";
import { type FeedForward, Mlp } from "./mlp.js";
import { Norm } from "./norm.js";
import { chooseExperts, weighExperts } from "./routing.js";
import { asAdded, type Write } from "./write.js";

/** The projection whose outputs say how well each expert suits a token. */
export class Router extends nn.Module {
  weight: MxArray; // (experts, hidden)
  bias: MxArray | null = null; // (experts)
  /** Added to scores for the choice only, (experts). */
  correction: MxArray | null = null;

  constructor(hidden: number, { count, routerBias, correctionBias }: ExpertsConfig) {
    super();
    this.weight = mx.zeros([count, hidden]);
    if (routerBias) this.bias = mx.zeros([count]);
    if (correctionBias) this.correction = mx.zeros([count]);
  }

  get outputAxes(): Axes {
    return ["batch", "position", "experts"];
  }

  /** @param x (batch, position, hidden); returns logits, before softmax or sigmoid */
  override forward(x: MxArray): MxArray {
    const { weight, bias } = this;
    return bias ? mx.addmm(bias, x, weight.T) : mx.matmul(x, weight.T);
  }
}

/** The same projection of every expert, stacked. */
export class ExpertLinear extends nn.Module {
  weight: MxArray; // (experts, out, in)
  bias: MxArray | null = null; // (experts, out)
  // Private, so that the binding does not list it among the module's parameters.
  readonly #axes: Axes;

  constructor(
    experts: number,
    sizes: { readonly from: number; readonly to: number; readonly bias: boolean },
    axes: Axes,
  ) {
    super();
    this.weight = mx.zeros([experts, sizes.to, sizes.from]);
    if (sizes.bias) this.bias = mx.zeros([experts, sizes.to]);
    this.#axes = axes;
  }

  get outputAxes(): Axes {
    return this.#axes;
  }

  /** @param x (batch, position, in) or (batch, position, topK, in); returns (batch, position, topK, out) */
  override forward(x: MxArray, dispatch: Dispatch): MxArray {
    const { weight, bias } = this;
    const product = dispatch.multiply(x, weight);
    return bias ? mx.add(product, bias.index(dispatch.indices)) : product;
  }
}

const neurons: Axes = ["batch", "position", "topK", "mlpHidden"];

/**
 * `Σ expertWeights · expert(x)` over the experts chosen for each token, plus an expert that sees all tokens where there
 * is one. `pre`, `gate` and `post` are those of an MLP, once for each chosen expert, in the order of `expertIndices`.
 * Changing `router` changes choice and weights, changing `expertIndices` the weights too.
 */
export class MixtureOfExperts extends nn.Module implements FeedForward, Write {
  readonly experts: number;
  readonly clampedAt: number | undefined;
  /** Functions of the description: which experts, and with what weights. */
  readonly choose: (logits: MxArray, correction: MxArray | null) => MxArray;
  readonly weigh: (logits: MxArray, indices: MxArray) => MxArray;
  readonly activation: (x: MxArray) => MxArray;
  readonly router: Router;
  /** The chosen experts, the best first, int32. */
  readonly expertIndices = new Tap(["batch", "position", "topK"]);
  readonly expertWeights = new Tap(["batch", "position", "topK"]);
  readonly gateProj: ExpertLinear;
  readonly upProj: ExpertLinear;
  readonly pre = new Tap(neurons);
  readonly gate = new Tap(neurons);
  readonly post = new Tap(neurons);
  /** Its output is what each chosen expert says, before it is weighted: (batch, position, topK, hidden). */
  readonly downProj: ExpertLinear;
  /** Sees every token; absent in most families. */
  readonly sharedExpert: Mlp | undefined;
  readonly postNorm: Norm | undefined;
  readonly outputScale: number | undefined;

  constructor(hidden: number, config: MlpConfig, experts: ExpertsConfig) {
    super();
    const inward = { from: hidden, to: config.hidden, bias: config.bias };
    const outward = { from: config.hidden, to: hidden, bias: config.bias };
    this.experts = experts.count;
    this.clampedAt = experts.clampedAt;
    this.choose = (logits, correction) => chooseExperts(logits, experts, correction);
    this.weigh = (logits, indices) => weighExperts(logits, indices, experts);
    this.activation = activations[config.activation];
    this.router = new Router(hidden, experts);
    this.gateProj = new ExpertLinear(experts.count, inward, neurons);
    this.upProj = new ExpertLinear(experts.count, inward, neurons);
    this.downProj = new ExpertLinear(experts.count, outward, [
      "batch",
      "position",
      "topK",
      "hidden",
    ]);
    if (experts.sharedHidden) {
      const { activation, gated, bias } = config;
      this.sharedExpert = new Mlp(hidden, {
        hidden: experts.sharedHidden,
        activation,
        gated,
        bias,
      });
    }
    if (config.postNorm) this.postNorm = new Norm(hidden, config.postNorm);
    this.outputScale = config.outputScale;
  }

  get outputAxes(): Axes {
    return residualAxes;
  }

  /**
   * @param x (batch, position, hidden), normalised
   * @returns what is added to the residual stream, (batch, position, hidden)
   */
  override forward(x: MxArray): MxArray {
    const { experts, router, choose, weigh, sharedExpert } = this;
    const logits = router.forward(x);
    const indices = this.expertIndices.forward(choose(logits, router.correction));
    const weights = this.expertWeights.forward(weigh(logits, indices));
    const outputs = this.consult(x, new Dispatch(indices, experts));
    const mixed = mx.matmul(mx.expandDims(weights, 2), outputs).squeeze(2);
    return asAdded(sharedExpert ? mx.add(mixed, sharedExpert.forward(x)) : mixed, this);
  }

  /** What each chosen expert says, (batch, position, topK, hidden). */
  private consult(x: MxArray, dispatch: Dispatch): MxArray {
    const { activation, gateProj, upProj, downProj, clampedAt } = this;
    const pre = this.pre.forward(gateProj.forward(x, dispatch));
    const gate = this.gate.forward(upProj.forward(x, dispatch));
    const entering = clampedAt === undefined ? pre : mx.minimum(pre, clampedAt);
    const factor = clampedAt === undefined ? gate : mx.add(mx.clip(gate, -clampedAt, clampedAt), 1);
    const post = this.post.forward(mx.multiply(activation(entering), factor));
    return downProj.forward(post, dispatch);
  }
}
