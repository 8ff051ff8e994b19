/** Attention in both directions, with every intermediate value as a site. */

import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { headSites } from "../decoder/attention/head-sites.js";
import { attentionScores, mixValues, splitHeads } from "../decoder/attention/heads.js";
import { type HeadWriting, writeHeads } from "../decoder/attention/mix-heads.js";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";

/** Every token sees every token that is no padding; the output is what is added to the residual stream. */
export class EncoderAttention extends nn.Module implements HeadWriting {
  readonly heads: number;
  /** Every head has its own keys and values. */
  readonly kvHeads: number;
  readonly headDim: number;
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly q = headSites.q();
  readonly k = headSites.k();
  readonly v = headSites.v();
  readonly scores = headSites.scores();
  readonly pattern = headSites.pattern();
  readonly z = headSites.z();
  readonly result = headSites.result();
  readonly oProj: Linear;
  /** The norm after attention belongs to the layer. */
  readonly postNorm = undefined;
  readonly outputScale = undefined;

  constructor(hidden: number, heads: number) {
    super();
    this.heads = heads;
    this.kvHeads = heads;
    this.headDim = hidden / heads;
    this.qProj = new nn.Linear(hidden, hidden, true);
    this.kProj = new nn.Linear(hidden, hidden, true);
    this.vProj = new nn.Linear(hidden, hidden, true);
    this.oProj = new nn.Linear(hidden, hidden, true);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /**
   * @param x (batch, position, hidden)
   * @param mask added to the scores, (batch, 1, 1, key); null hides nothing
   */
  override forward(x: MxArray, mask: MxArray | null): MxArray {
    const { heads, headDim } = this;
    const byHead = (projected: MxArray) =>
      splitHeads(projected, heads, headDim).transpose(0, 2, 1, 3);
    const q = this.q.forward(byHead(this.qProj.forward(x)));
    const k = this.k.forward(byHead(this.kProj.forward(x)));
    const v = this.v.forward(byHead(this.vProj.forward(x)));
    const z = this.z.forward(this.mix(q, k, v, mask).transpose(0, 2, 1, 3));
    return writeHeads(this, z);
  }

  /** The weighted values of every head, by the fused kernel unless a pass changes the weights. */
  private mix(q: MxArray, k: MxArray, v: MxArray, mask: MxArray | null): MxArray {
    const { scores, pattern } = this;
    const scale = this.headDim ** -0.5;
    if (scores.changed || pattern.changed) {
      const seen = scores.forward(attentionScores(q, k, scale, mask));
      return mixValues(pattern.forward(mx.softmax(seen, -1, true)), v);
    }
    scores.derive(() => attentionScores(q, k, scale, mask));
    pattern.derive(() => mx.softmax(attentionScores(q, k, scale, mask), -1, true));
    return mx.fast.scaledDotProductAttention(q, k, v, scale, mask);
  }
}
