/** One layer: attention, then the MLP, each adding to the residual stream. */
import { type Axes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { Attention } from "./attention.js";
import { residualAxes } from "./axes.js";
import type { LayerCache } from "./cache.js";
import type { LayerConfig } from "./config.js";
import { Mlp } from "./mlp.js";
import { Norm } from "./norm.js";
import type { Pass } from "./pass.js";
import type { Rotation } from "./rope.js";

export class DecoderLayer extends nn.Module {
  readonly inputNorm: Norm;
  readonly selfAttn: Attention;
  /** The residual stream between attention and MLP. */
  readonly residMid = new Tap(["batch", "position", "hidden"]);
  readonly postAttentionNorm: Norm;
  readonly mlp: Mlp;

  constructor(hidden: number, config: LayerConfig, rotate?: Rotation) {
    super();
    this.inputNorm = new Norm(hidden, config.inputNorm);
    this.selfAttn = new Attention(hidden, config.attention, rotate);
    this.postAttentionNorm = new Norm(hidden, config.postAttentionNorm);
    this.mlp = new Mlp(hidden, config.mlp);
  }

  get outputAxes(): Axes {
    return residualAxes;
  }

  /** @param x the residual stream, (batch, position, hidden) */
  override forward(x: MxArray, pass: Pass, cache?: LayerCache): MxArray {
    const attention = this.selfAttn.forward(this.inputNorm.forward(x), pass, cache);
    const middle = this.residMid.forward(mx.add(x, attention));
    return mx.add(middle, this.mlp.forward(this.postAttentionNorm.forward(middle)));
  }
}
