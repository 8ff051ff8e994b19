/** A mixture of experts in the place of the MLP: each token goes through a few of many MLPs. */
import { type Axes, type SiteNotes, Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../axes.js";
import type { MlpConfig, PlainActivationName } from "../config/config.js";
import type { ExpertsConfig } from "../config/experts-config.js";
import { activations } from "../mlp/activations.js";
import { Mlp } from "../mlp/mlp.js";
import { Norm } from "../norm/norm.js";
import { asAdded, type Write } from "../norm/write.js";
import { Dispatch } from "./dispatch.js";
import { ExpertLinear } from "./expert-linear.js";
import type { FeedForward } from "./feed-forward.js";
import { Router } from "./router.js";
import { chooseExperts, weighExperts } from "./routing.js";

const moeNotes = {
  router: { holds: "How well each expert suits a token; changing it changes choice and weights." },
  downProj: { holds: "What each chosen expert says, before it is weighted." },
  sharedExpert: { holds: "What the expert says that sees every token." },
  expertsNorm: { holds: "What the chosen experts read; only where it is not what the MLP reads." },
  routerNorm: { holds: "What the router reads; only where it is not what the MLP reads." },
  mixedNorm: { holds: "What the chosen experts say together, normalised; only where it is." },
  sharedGate: {
    holds:
      "The number whose sigmoid is how much that expert counts; only in families that have it.",
  },
} as const satisfies SiteNotes;

const neurons: Axes = ["batch", "position", "topK", "mlpHidden"];

/**
 * `Σ expertWeights · expert(x)` over the experts chosen for each token, plus an expert that sees all tokens where there
 * is one. `pre`, `gate` and `post` are those of an MLP, once for each chosen expert, in the order of `expertIndices`.
 * Changing `router` changes choice and weights, changing `expertIndices` the weights too.
 */
export class MixtureOfExperts extends nn.Module implements FeedForward, Write {
  readonly experts: number;
  readonly clampedAt: number | undefined;
  /** Whether weights multiply what experts read. */
  readonly weighsInputs: boolean;
  /** Functions of the description: which experts, and with what weights. */
  readonly choose: (logits: MxArray, correction: MxArray | null) => MxArray;
  readonly weigh: (logits: MxArray, indices: MxArray) => MxArray;
  readonly activation: (x: MxArray) => MxArray;
  readonly router: Router;
  readonly expertIndices = new Tap(["batch", "position", "topK"], {
    holds: "The chosen experts, the best first, int32; changing them changes their weights too.",
  });
  readonly expertWeights = new Tap(["batch", "position", "topK"], {
    holds: "How much each chosen expert counts.",
  });
  readonly gateProj: ExpertLinear;
  readonly upProj: ExpertLinear;
  readonly pre = new Tap(neurons, {
    holds: "What enters each chosen expert's nonlinearity.",
    hook: "hook_pre",
  });
  readonly gate = new Tap(neurons, {
    holds: "Each chosen expert's linear branch.",
    hook: "hook_pre_linear",
  });
  readonly post = new Tap(neurons, {
    holds: "Each chosen expert's neurons: what its `downProj` reads.",
    hook: "hook_post",
  });
  /** Its output is what each chosen expert says, before it is weighted: (batch, position, topK, hidden). */
  readonly downProj: ExpertLinear;
  /** Sees every token; absent in most families. */
  readonly sharedExpert: Mlp | undefined;
  /** How much that one counts, (batch, position, 1) before the sigmoid; absent in most families. */
  readonly sharedGate: Linear | undefined;
  /** Absent in most families: of the stream before `postAttentionNorm`, and of what the chosen experts say together. */
  readonly expertsNorm: Norm | undefined;
  readonly routerNorm: Norm | undefined;
  readonly mixedNorm: Norm | undefined;
  readonly postNorm: Norm | undefined;
  readonly outputScale: number | undefined;

  constructor(hidden: number, config: MlpConfig, experts: ExpertsConfig) {
    super();
    const inward = { from: hidden, to: config.hidden, bias: config.bias };
    const outward = { from: config.hidden, to: hidden, bias: config.bias };
    this.experts = experts.count;
    this.clampedAt = experts.clampedAt;
    this.weighsInputs = experts.weighsInputs ?? false;
    this.choose = (logits, correction) => chooseExperts(logits, experts, correction);
    this.weigh = (logits, indices) => weighExperts(logits, indices, experts);
    this.activation =
      activations[config.activation as PlainActivationName] /* the rules exclude others */;
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
        ...(experts.ownNorms && { postNorm: experts.ownNorms }),
      });
    }
    if (experts.ownNorms) {
      this.expertsNorm = new Norm(hidden, experts.ownNorms);
      this.routerNorm = new Norm(hidden, experts.ownNorms);
      this.mixedNorm = new Norm(hidden, experts.ownNorms);
    }
    if (experts.sharedGate) this.sharedGate = new nn.Linear(hidden, 1, false);
    if (config.postNorm) this.postNorm = new Norm(hidden, config.postNorm);
    this.outputScale = config.outputScale;
  }

  get siteNotes() {
    return moeNotes;
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
   * @param stream the same before that, which experts with norms of their own read
   * @returns what is added to the residual stream, (batch, position, hidden)
   */
  override forward(x: MxArray, stream: MxArray = x): MxArray {
    const { experts, router, choose, routerNorm, expertsNorm, mixedNorm } = this;
    const logits = router.forward(routerNorm ? routerNorm.forward(stream) : x);
    const indices = this.expertIndices.forward(choose(logits, router.correction));
    const dispatch = new Dispatch(indices, experts);
    const weights = this.expertWeights.forward(this.scaled(logits, dispatch));
    const read = expertsNorm ? expertsNorm.forward(stream) : x;
    const mixed = this.mix(read, weights, dispatch);
    const said = mixedNorm ? mixedNorm.forward(mixed) : mixed;
    const shared = this.consultShared(x);
    return asAdded(shared ? mx.add(said, shared) : said, this);
  }

  /** How much each chosen expert counts, (batch, position, topK). */
  private scaled(logits: MxArray, { indices }: Dispatch): MxArray {
    const { weigh, router } = this;
    const weights = weigh(logits, indices);
    const { expertScales } = router;
    return expertScales ? mx.multiply(weights, expertScales.index(indices)) : weights;
  }

  /** What the chosen experts say together, (batch, position, hidden). */
  private mix(x: MxArray, weights: MxArray, dispatch: Dispatch): MxArray {
    if (!this.weighsInputs) {
      return mx.matmul(mx.expandDims(weights, 2), this.consult(x, dispatch)).squeeze(2);
    }
    const read = mx.multiply(mx.expandDims(x, 2), mx.expandDims(weights, 3));
    return mx.sum(this.consult(read, dispatch), 2);
  }

  /** What the expert adds that sees every token, (batch, position, hidden). */
  private consultShared(x: MxArray): MxArray | undefined {
    const { sharedExpert, sharedGate } = this;
    const said = sharedExpert?.forward(x);
    return said && sharedGate ? mx.multiply(mx.sigmoid(sharedGate.forward(x)), said) : said;
  }

  /**
   * @param x (batch, position, hidden) or, where experts read it in different ways, (batch, position, topK, hidden)
   * @returns what each chosen expert says, (batch, position, topK, hidden)
   */
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
