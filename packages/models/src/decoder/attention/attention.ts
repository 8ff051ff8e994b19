/** Self-attention with every intermediate value as a site, and the fused kernel while nobody changes the pattern. */
import { Tap } from "@mlxterp/core";
import { InvalidArgumentError, type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import {
  type GateAxes,
  type KeyAxes,
  type QueryAxes,
  type ResidualAxes,
  residualAxes,
} from "../axes.js";
import type { LayerCache } from "../cache/cache.js";
import type { AttentionConfig } from "../config/config.js";
import { Norm } from "../norm/norm.js";
import { createQueryKeyNorms } from "../norm/query-key-norm.js";
import type { ScoreBias } from "../positions/alibi.js";
import type { KeysAndValues, Pass } from "../positions/pass.js";
import type { Rotation } from "../positions/rope.js";
import { type ByHead, projectHeads, withDifferences } from "./head-inputs.js";
import { headSites } from "./head-sites.js";
import { splitHeads } from "./heads.js";
import { droppedKeys, keptKeys, mixHeads, writeHeads } from "./mix-heads.js";
import type { SelfAttention } from "./self-attention.js";

/** Multi-head, grouped-query or multi-query attention; its output is what is added to the residual stream. */
export class Attention extends nn.Module implements SelfAttention {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scoreScale: number;
  readonly softCap: number | undefined;
  readonly window: number | undefined;
  readonly clip: number | undefined;
  readonly chunk: number | undefined;
  readonly temperature: AttentionConfig["temperature"];
  /** A score of each head that belongs to no key, (heads); absent in most families. */
  sinks: MxArray | null = null;
  /** A function, not a module: positions are turned in place of being added. */
  readonly rotate: Rotation | undefined;
  /** A function: what alibi adds to the mask. */
  readonly scoreBias: ScoreBias | undefined;

  /** The earlier layer whose keys and values are read. */
  readonly keysOf: number | undefined;
  /** The number of the layer, where later ones read its keys and values. */
  readonly sharesAs: number | undefined;
  readonly qProj: Linear;
  /** Not there, as all of keys and values, where they are an earlier layer's: in Gemma 4 only. */
  readonly kProj!: Linear;
  /** Not there either where values are read off `kProj`. */
  readonly vProj!: Linear;
  readonly valuesFromKeys: boolean;
  /** Normalises each head's values; absent in most families. */
  readonly vNorm: Norm | undefined;
  /** Normalise queries and keys, by head or over the full width before they are split; absent in most families. */
  readonly qNorm: Norm | undefined;
  readonly kNorm: Norm | undefined;
  readonly normsWidth: boolean;
  /** Whether they read what was turned. */
  readonly normsTurned: boolean;
  /** Before `q` and `k`: of two sites with one name in TransformerLens, the first is meant. */
  readonly qRaw: Tap<QueryAxes, "hook_q"> | undefined;
  readonly kRaw: Tap<KeyAxes, "hook_k"> | undefined;
  readonly q = headSites.q();
  readonly k!: ReturnType<typeof headSites.k>;
  readonly v!: ReturnType<typeof headSites.v>;
  readonly qRot = headSites.qRot();
  readonly kRot!: ReturnType<typeof headSites.kRot>;
  readonly scores = headSites.scores();
  readonly pattern = headSites.pattern();
  readonly z = headSites.z();
  /** Where there is an output gate. */
  readonly gateProj: Linear | undefined;
  readonly gate: Tap<GateAxes> | undefined;
  readonly result = headSites.result();
  readonly oProj: Linear;
  /** Absent in most families. */
  readonly postNorm: Norm | undefined;
  readonly outputScale: number | undefined;

  /** @param parts shared by the layers that turn, or are biased, alike; and the layer's number, where later ones read its keys */
  constructor(
    hidden: number,
    config: AttentionConfig,
    parts: {
      readonly rotate?: Rotation;
      readonly scoreBias?: ScoreBias;
      readonly sharesAs?: number;
    } = {},
  ) {
    super();
    const { heads, kvHeads, headDim } = config;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.scoreScale = config.scale;
    this.softCap = config.softCap;
    this.window = config.window;
    this.clip = config.clip;
    this.chunk = config.chunk;
    this.temperature = config.temperature;
    if (config.sinks) this.sinks = mx.zeros([heads]);
    this.rotate = parts.rotate;
    this.scoreBias = parts.scoreBias;
    this.qProj = new nn.Linear(hidden, heads * headDim, config.qkvBias);
    this.keysOf = config.keysOf;
    this.sharesAs = parts.sharesAs;
    this.valuesFromKeys = config.valuesFromKeys ?? false;
    const own = config.keysOf === undefined;
    if (own) {
      this.kProj = new nn.Linear(hidden, kvHeads * headDim, config.qkvBias);
      if (!this.valuesFromKeys) {
        this.vProj = new nn.Linear(hidden, kvHeads * headDim, config.qkvBias);
      }
      if (config.valueNorm) {
        this.vNorm = new Norm(headDim, config.valueNorm, { headAxis: "kvHeads" });
      }
      this.k = headSites.k();
      this.v = headSites.v();
      this.kRot = headSites.kRot();
    }
    this.normsWidth = config.queryKeyNorm?.over === "width";
    this.normsTurned = config.queryKeyNorm?.afterRotation ?? false;
    if (config.queryKeyNorm) {
      const [ofQueries, ofKeys] = createQueryKeyNorms(config.queryKeyNorm, config);
      this.qNorm = ofQueries;
      if (own) this.kNorm = ofKeys;
    }
    if (config.queryKeyNorm && !this.normsTurned) {
      this.qRaw = new Tap(["batch", "heads", "position", "headDim"], {
        holds: "Queries by head before they are normalised; only where they are.",
        hook: "hook_q",
      });
      if (own) {
        this.kRaw = new Tap(["batch", "kvHeads", "position", "headDim"], {
          holds: "Keys by head before they are normalised; only where they are.",
          hook: "hook_k",
        });
      }
    }
    if (config.outputGate) {
      this.gateProj = new nn.Linear(hidden, heads * headDim, config.qkvBias);
      this.gate = headSites.gate();
    }
    this.oProj = new nn.Linear(heads * headDim, hidden, config.outputBias);
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
   * @param cache this layer's earlier keys and values
   * @param differences from `x`, where a pass makes heads read something of their own
   * @returns what is added to the residual stream, (batch, position, hidden)
   */
  override forward(x: MxArray, pass: Pass, cache?: LayerCache, differences?: ByHead): MxArray {
    const { heads, qProj, qRaw, scoreBias, normsTurned } = this;
    const [first, last] = normsTurned ? [undefined, this] : [this, undefined];
    const projectedQ = this.seen(projectHeads(x, qProj, differences?.q), heads, qRaw);
    const q = this.q.forward(this.byHead(projectedQ, heads, first?.qNorm));
    const own = this.keysOf === undefined ? this.keysAndValues(x, differences) : undefined;
    const queries = this.qRot.forward(this.heated(this.turn(q, pass, last?.qNorm), pass));
    const [keys, values] = own ? this.remember(own, pass, cache) : this.shared(pass);
    const visible = pass.mask(this.window, keys.shape[2], this.chunk);
    const mask = scoreBias ? scoreBias(keys, visible, pass.positions) : visible;
    const parts = {
      q: queries,
      k: keys,
      v: values,
      dropped: droppedKeys(pass, x, { keys, window: this.window }),
      bothWays: pass.bothWays,
    };
    const mixed = mixHeads(this, parts, mask); // (batch, heads, position, headDim)
    return writeHeads(this, this.gated(this.z.forward(mixed.transpose(0, 2, 1, 3)), x));
  }

  /** What is made of this layer's own tokens, before rotation. */
  private keysAndValues(x: MxArray, differences: ByHead | undefined): KeysAndValues {
    const { kvHeads, kProj, vProj, vNorm, kNorm, kRaw, normsTurned, valuesFromKeys } = this;
    const projected = kProj.forward(x);
    const projectedK = this.seen(withDifferences(projected, kProj, differences?.k), kvHeads, kRaw);
    const k = this.k.forward(this.byHead(projectedK, kvHeads, normsTurned ? undefined : kNorm));
    const projectedV = valuesFromKeys
      ? withDifferences(projected, kProj, differences?.v)
      : projectHeads(x, vProj, differences?.v);
    return [k, this.v.forward(this.byHead(projectedV, kvHeads, vNorm, false))];
  }

  /** All keys, turned, and values that there are with these. */
  private remember([k, v]: KeysAndValues, pass: Pass, cache?: LayerCache): KeysAndValues {
    const newKeys = this.kRot.forward(
      this.turn(k, pass, this.normsTurned ? this.kNorm : undefined),
    );
    const all = cache ? cache.append(newKeys, v, keptKeys(this)) : ([newKeys, v] as const);
    if (this.sharesAs !== undefined) pass.shared?.set(this.sharesAs, all);
    return all;
  }

  /** @throws InvalidArgumentError (`INVALID_ARGUMENT`) where the layer that makes them was skipped */
  private shared({ shared }: Pass): KeysAndValues {
    const found = shared?.get(this.keysOf!); // nobody else asks
    if (found) return found;
    const rule = `keys and values of a later layer are those of layers.${this.keysOf}, which was skipped. Leave its attention in.`;
    throw new InvalidArgumentError(`layers.${this.keysOf}.selfAttn`, this.keysOf, rule);
  }

  /** What heads write of their mixes of values, (batch, position, heads, headDim). */
  private gated(z: MxArray, x: MxArray): MxArray {
    const { gate, gateProj } = this;
    if (!gate || !gateProj) return z;
    return mx.multiply(z, mx.sigmoid(gate.forward(gateProj.forward(x).reshape(z.shape))));
  }

  /** Turned by position and then, in few families, normalised; (batch, heads, position, headDim). */
  private turn(x: MxArray, { positions }: Pass, norm?: Norm): MxArray {
    const turned = this.rotate ? this.rotate(x, positions) : x;
    return norm ? norm.forward(turned.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3) : turned;
  }

  /** Queries that look the sharper the later they stand, (batch, heads, position, headDim). */
  private heated(x: MxArray, { positions: { ids, offset } }: Pass): MxArray {
    if (!this.temperature) return x;
    const { scale, length } = this.temperature;
    const count = x.shape[2];
    const places = ids ?? mx.arange(offset, offset + count, 1, mx.int32);
    const steps = mx.floor(mx.divide(mx.add(places.astype(mx.float32), 1), length));
    const factor = mx.add(mx.multiply(mx.log1p(steps), scale), 1).astype(x.dtype);
    return mx.multiply(x, factor.reshape([-1, 1, count, 1]));
  }

  /** A projection as it is, or as a pass changes it by head; (batch, position, heads · headDim). */
  private seen(projected: MxArray, heads: number, raw: Tap | undefined): MxArray {
    const byHead = () => splitHeads(projected, heads, this.headDim).transpose(0, 2, 1, 3);
    if (raw?.changed) {
      return raw.forward(byHead()).transpose(0, 2, 1, 3).reshape(projected.shape);
    }
    raw?.derive(byHead);
    return projected;
  }

  /** (batch, position, heads · headDim) → (batch, heads, position, headDim), normalised and clipped. */
  private byHead(
    projected: MxArray,
    heads: number,
    norm?: Norm,
    normsWidth = this.normsWidth,
  ): MxArray {
    const { headDim, clip } = this;
    const whole = norm && normsWidth ? norm.forward(projected) : projected;
    const split = splitHeads(whole, heads, headDim);
    const normalized = norm && !normsWidth ? norm.forward(split) : split;
    const clipped = clip === undefined ? normalized : mx.clip(normalized, -clip, clip);
    return clipped.transpose(0, 2, 1, 3);
  }
}
