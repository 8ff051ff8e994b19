/** Multi-head latent attention: keys and values are read from one narrow vector per token. */

import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../axes.js";
import type { LayerCache } from "../cache/cache.js";
import type { AttentionConfig, LatentConfig } from "../config/config.js";
import { Norm } from "../norm/norm.js";
import type { Pass } from "../positions/pass.js";
import type { Rotation } from "../positions/rope.js";
import { headSites } from "./head-sites.js";
import { splitHeads } from "./heads.js";
import { droppedKeys, keptKeys, mixHeads, writeHeads } from "./mix-heads.js";
import type { SelfAttention } from "./self-attention.js";

/**
 * Attention whose queries, keys and values come from latent vectors. Of each head only the last `rotaryDim`
 * dimensions turn; those of the keys are the same for all heads.
 * Source: DeepSeek-AI 2024, "DeepSeek-V2", section 2.1.
 */
export class LatentAttention extends nn.Module implements SelfAttention {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rotaryDim: number;
  readonly scoreScale: number;
  readonly softCap: number | undefined;
  readonly window: number | undefined;
  readonly sinks = null;
  readonly rotate: Rotation | undefined;

  /** To the latent of the queries; absent where they are read from the residual stream. */
  readonly qDownProj: Linear | undefined;
  readonly qDownNorm: Norm | undefined;
  readonly qProj: Linear;
  /** To the latent of keys and values. */
  readonly kvDownProj: Linear;
  readonly kvDownNorm: Norm;
  /** The part of the keys that turns. */
  readonly kRopeProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly q = headSites.q();
  readonly k = headSites.k();
  /** Of another width than queries and keys. */
  readonly v = headSites.v();
  readonly qRot = headSites.qRot();
  readonly kRot = headSites.kRot();
  readonly scores = headSites.scores();
  readonly pattern = headSites.pattern();
  readonly z = headSites.z();
  readonly result = headSites.result();
  readonly oProj: Linear;
  readonly postNorm: Norm | undefined;
  readonly outputScale: number | undefined;

  constructor(hidden: number, config: AttentionConfig, latent: LatentConfig, rotate?: Rotation) {
    super();
    const { heads, headDim, qkvBias: bias } = config;
    const { queryRank, keyValueRank, rotaryDim, valueDim, norm } = latent;
    this.heads = heads;
    this.kvHeads = heads;
    this.headDim = headDim;
    this.rotaryDim = rotaryDim;
    this.scoreScale = config.scale;
    this.softCap = config.softCap;
    this.window = config.window;
    this.rotate = rotate;
    if (queryRank) {
      this.qDownProj = new nn.Linear(hidden, queryRank, bias);
      this.qDownNorm = new Norm(queryRank, norm);
    }
    this.qProj = new nn.Linear(queryRank ?? hidden, heads * headDim, false);
    this.kvDownProj = new nn.Linear(hidden, keyValueRank, bias);
    this.kvDownNorm = new Norm(keyValueRank, norm);
    this.kRopeProj = new nn.Linear(hidden, rotaryDim, bias);
    this.kProj = new nn.Linear(keyValueRank, heads * (headDim - rotaryDim), false);
    this.vProj = new nn.Linear(keyValueRank, heads * valueDim, false);
    this.oProj = new nn.Linear(heads * valueDim, hidden, config.outputBias);
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
   * @param pass what all layers share
   * @param cache this layer's earlier keys and values, each head's own
   * @returns what is added to the residual stream, (batch, position, hidden)
   */
  override forward(x: MxArray, pass: Pass, cache?: LayerCache): MxArray {
    const q = this.q.forward(this.queries(x));
    const { keys, values } = this.keysAndValues(x);
    const k = this.k.forward(keys);
    const v = this.v.forward(values);
    const turned = this.qRot.forward(this.turn(q, pass));
    const newKeys = this.kRot.forward(this.turn(k, pass));
    const [allKeys, allValues] = cache ? cache.append(newKeys, v, keptKeys(this)) : [newKeys, v];
    const mask = pass.mask(this.window, allKeys.shape[2]);
    const parts = {
      q: turned,
      k: allKeys,
      v: allValues,
      dropped: droppedKeys(pass, x, { keys: allKeys, window: this.window }),
      bothWays: pass.bothWays,
    };
    const mixed = mixHeads(this, parts, mask); // (batch, heads, position, valueDim)
    return writeHeads(this, this.z.forward(mixed.transpose(0, 2, 1, 3)));
  }

  /** (batch, heads, position, headDim) */
  private queries(x: MxArray): MxArray {
    const { qDownProj, qDownNorm, qProj } = this;
    const latent = qDownProj && qDownNorm ? qDownNorm.forward(qDownProj.forward(x)) : x;
    return this.byHead(qProj.forward(latent));
  }

  /** (batch, heads, position, headDim) and (batch, heads, position, valueDim) */
  private keysAndValues(x: MxArray): { keys: MxArray; values: MxArray } {
    const { heads, rotaryDim } = this;
    const latent = this.kvDownNorm.forward(this.kvDownProj.forward(x));
    const still = this.byHead(this.kProj.forward(latent));
    const [batch, , length] = still.shape;
    const turning = mx.expandDims(this.kRopeProj.forward(x), 1);
    const shared = mx.broadcastTo(turning, [batch, heads, length, rotaryDim]);
    return {
      keys: mx.concatenate([still, shared], -1),
      values: this.byHead(this.vProj.forward(latent)),
    };
  }

  private byHead(projected: MxArray): MxArray {
    const { heads } = this;
    const width = projected.shape[2] / heads;
    return splitHeads(projected, heads, width).transpose(0, 2, 1, 3);
  }

  /** Turns the last dimensions of each head. */
  private turn(x: MxArray, { positions }: Pass): MxArray {
    const { rotate, headDim, rotaryDim } = this;
    if (!rotate) return x;
    const [still, turning] = x.split([headDim - rotaryDim], -1);
    return mx.concatenate([still, rotate(turning, positions)], -1);
  }
}
