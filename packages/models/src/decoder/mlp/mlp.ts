/** The MLP, plain or gated. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type NeuronAxes, type ResidualAxes, residualAxes } from "../axes.js";
import type { MlpConfig } from "../config/config.js";
import { Norm } from "../norm/norm.js";
import { asAdded, type Write } from "../norm/write.js";
import { activations } from "./activations.js";
import { Xielu } from "./xielu.js";

/**
 * `downProj(activation(pre))`, or `downProj(activation(pre) · gate)` with a gated MLP. `pre` is always what
 * enters the nonlinearity (TransformerLens `hook_pre`) and `gate` the linear branch that multiplies the
 * activations (`hook_pre_linear`). Checkpoints call their projections the other way round: `pre` is the
 * output of `gateProj` and `gate` that of `upProj` where there are both.
 */
export class Mlp extends nn.Module implements Write {
  /** Absent where `xielu` stands in its place. */
  readonly activation: ((x: MxArray) => MxArray) | undefined;
  /** The nonlinearity where its shape is learned; absent in most families. */
  readonly xielu: Xielu | undefined;
  readonly preScale: number | undefined;
  /** Absent in a plain MLP. */
  readonly gateProj: Linear | undefined;
  readonly upProj: Linear;
  readonly pre = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What enters the nonlinearity.",
    hook: "hook_pre",
  });
  readonly gate: Tap<NeuronAxes, "hook_pre_linear"> | undefined;
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "Neuron activations, gated where there is a gate: what `downProj` reads.",
    hook: "hook_post",
  });
  readonly downProj: Linear;
  /** Absent in most families. */
  readonly postNorm: Norm | undefined;
  readonly outputScale: number | undefined;

  constructor(hidden: number, config: MlpConfig) {
    super();
    const { activation } = config;
    if (activation === "xielu") this.xielu = new Xielu();
    else this.activation = activations[activation];
    this.preScale = config.preScale;
    if (config.gated) {
      this.gateProj = new nn.Linear(hidden, config.hidden, config.bias);
      this.gate = new Tap(["batch", "position", "mlpHidden"], {
        holds: "The linear branch, which multiplies the activations; only in a gated MLP.",
        hook: "hook_pre_linear",
      });
    }
    this.upProj = new nn.Linear(hidden, config.hidden, config.bias);
    this.downProj = new nn.Linear(config.hidden, hidden, config.bias);
    if (config.postNorm) this.postNorm = new Norm(hidden, config.postNorm);
    this.outputScale = config.outputScale;
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
   * @returns what is added to the residual stream, (batch, position, hidden)
   */
  override forward(x: MxArray): MxArray {
    const { gateProj, gate, preScale } = this;
    const up = this.upProj.forward(x);
    const entering = gateProj ? gateProj.forward(x) : up;
    const pre = this.pre.forward(
      preScale === undefined ? entering : mx.multiply(entering, preScale),
    );
    const active = this.activate(pre);
    const post = gate ? mx.multiply(active, gate.forward(up)) : active;
    return asAdded(this.downProj.forward(this.post.forward(post)), this);
  }

  private activate(pre: MxArray): MxArray {
    const { activation, xielu } = this;
    const plain = activation ? activation(pre) : pre;
    return xielu ? xielu.forward(plain) : plain;
  }
}
