/** Self-attention with every intermediate value as a site, and the fused kernel while nobody changes the pattern. */
import { type Axes, Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { residualAxes } from "./axes.js";
import type { LayerCache } from "./cache.js";
import type { AttentionConfig } from "./config.js";
import { fusedAttention } from "./fused-attention.js";
import { attentionScores, headResults, mixValues, splitHeads } from "./heads.js";
import type { Pass } from "./pass.js";
import type { Rotation } from "./rope.js";

/** Multi-head, grouped-query or multi-query attention; its output is what is added to the residual stream. */
export class Attention extends nn.Module {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scoreScale: number;
  /** A function, not a module: positions are turned in place of being added. */
  readonly rotate: Rotation | undefined;

  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  /** Queries, keys and values by head, before rotation. */
  readonly q = new Tap(["batch", "heads", "position", "headDim"]);
  readonly k = new Tap(["batch", "kvHeads", "position", "headDim"]);
  readonly v = new Tap(["batch", "kvHeads", "position", "headDim"]);
  /** After rotation; without rotary positions the same as `q` and `k`. */
  readonly qRot = new Tap(["batch", "heads", "position", "headDim"]);
  readonly kRot = new Tap(["batch", "kvHeads", "position", "headDim"]);
  /** Scaled and masked, before the softmax. */
  readonly scores = new Tap(["batch", "heads", "query", "key"]);
  readonly pattern = new Tap(["batch", "heads", "query", "key"]);
  /** Each head's mix of values. */
  readonly z = new Tap(["batch", "position", "heads", "headDim"]);
  /** What each head writes; their sum and the bias are the output. While it is changed, `oProj` is not called. */
  readonly result = new Tap(["batch", "position", "heads", "hidden"]);
  readonly oProj: Linear;

  /** @param rotate shared by the layers that turn alike; absent without rotary positions */
  constructor(hidden: number, config: AttentionConfig, rotate?: Rotation) {
    super();
    const { heads, kvHeads, headDim } = config;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.scoreScale = config.scale;
    this.rotate = rotate;
    this.qProj = new nn.Linear(hidden, heads * headDim, config.qkvBias);
    this.kProj = new nn.Linear(hidden, kvHeads * headDim, config.qkvBias);
    this.vProj = new nn.Linear(hidden, kvHeads * headDim, config.qkvBias);
    this.oProj = new nn.Linear(heads * headDim, hidden, config.outputBias);
  }

  get outputAxes(): Axes {
    return residualAxes;
  }

  /**
   * @param x (batch, position, hidden), normalised
   * @param pass what all layers share
   * @param cache this layer's earlier keys and values
   * @returns (batch, position, hidden)
   */
  override forward(x: MxArray, pass: Pass, cache?: LayerCache): MxArray {
    const { heads, kvHeads, headDim, rotate } = this;
    const turn = (y: MxArray) => (rotate ? rotate(y, pass.positions) : y);
    const q = this.q.forward(splitHeads(this.qProj.forward(x), heads, headDim));
    const k = this.k.forward(splitHeads(this.kProj.forward(x), kvHeads, headDim));
    const v = this.v.forward(splitHeads(this.vProj.forward(x), kvHeads, headDim));
    const queries = this.qRot.forward(turn(q));
    const newKeys = this.kRot.forward(turn(k));
    const [keys, values] = cache ? cache.append(newKeys, v) : [newKeys, v];
    const mixed = this.mix(queries, keys, values, pass.mask); // (batch, heads, position, headDim)
    return this.write(this.z.forward(mixed.transpose(0, 2, 1, 3)));
  }

  /** The weighted values of every head, by the fused kernel unless a pass changes the weights. */
  private mix(q: MxArray, k: MxArray, v: MxArray, mask: MxArray | null): MxArray {
    const { scores, pattern, scoreScale } = this;
    if (scores.changed || pattern.changed) {
      const seen = scores.forward(attentionScores(q, k, scoreScale, mask));
      return mixValues(pattern.forward(mx.softmax(seen, -1, true)), v);
    }
    scores.derive(() => attentionScores(q, k, scoreScale, mask));
    pattern.derive(() => mx.softmax(attentionScores(q, k, scoreScale, mask), -1, true));
    return fusedAttention(q, k, v, scoreScale, mask);
  }

  /** The heads' joint write to the residual stream. */
  private write(z: MxArray): MxArray {
    const { result, oProj } = this;
    const [batch, length, heads, headDim] = z.shape;
    if (result.changed) {
      const sum = mx.sum(result.forward(headResults(z, oProj)), 2);
      return oProj.bias ? mx.add(sum, oProj.bias) : sum;
    }
    result.derive(() => headResults(z, oProj));
    return oProj.forward(z.reshape([batch, length, heads * headDim]));
  }
}
