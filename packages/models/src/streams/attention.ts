/** Attention whose keys and values may be those of an earlier layer. */
import type { SiteNotes, Tap } from "@mlxterp/core";
import { InvalidArgumentError, type Linear, type MxArray, nn } from "@mlxterp/mlx";
import { headSites } from "../decoder/attention/head-sites.js";
import { splitHeads } from "../decoder/attention/heads.js";
import {
  droppedKeys,
  type HeadWriting,
  keptKeys,
  type Mixing,
  mixHeads,
  writeHeads,
} from "../decoder/attention/mix-heads.js";
import { type KeyAxes, type ResidualAxes, residualAxes } from "../decoder/axes.js";
import type { LayerCache } from "../decoder/cache/cache.js";
import { Norm } from "../decoder/norm/norm.js";
import type { Pass } from "../decoder/positions/pass.js";
import type { Rotation } from "../decoder/positions/rope.js";
import type { StreamsConfig, StreamsLayerConfig } from "./config.js";

/** Keys as scores read them and values, (batch, kvHeads, key, headDim). */
export type KeysAndValues = readonly [keys: MxArray, values: MxArray];

/** What the layers of one pass share. */
export interface StreamsPass extends Pass {
  /** By the number of the layer that they were made in. */
  readonly keys: Map<number, KeysAndValues>;
}

interface Place {
  readonly index: number;
  readonly layer: StreamsLayerConfig;
  readonly rotate: Rotation;
}

const notes = {
  postNorm: { holds: "Attention's write, normalised." },
} as const satisfies SiteNotes;

export class SharingAttention extends nn.Module implements Mixing, HeadWriting {
  readonly index: number;
  readonly keysOf: number | undefined;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scoreScale = 1;
  readonly softCap = undefined;
  readonly window: number | undefined;
  readonly sinks = null;
  readonly rotate: Rotation;
  readonly qProj: Linear;
  readonly qNorm: Norm;
  /** Absent, as all of keys and values, where they are an earlier layer's. */
  readonly kProj: Linear | undefined;
  readonly kNorm: Norm | undefined;
  readonly vProj: Linear | undefined;
  readonly vNorm: Norm | undefined;
  readonly q = headSites.q();
  readonly k: Tap<KeyAxes> | undefined;
  readonly v: Tap<KeyAxes> | undefined;
  readonly qRot = headSites.qRot();
  readonly kRot: Tap<KeyAxes> | undefined;
  readonly scores = headSites.scores();
  readonly pattern = headSites.pattern();
  readonly z = headSites.z();
  readonly result = headSites.result();
  readonly oProj: Linear;
  readonly postNorm: Norm;
  readonly outputScale = undefined;

  constructor(config: StreamsConfig, { index, layer, rotate }: Place) {
    super();
    const { hidden, heads, kvHeads, headDim, bias, norm } = config;
    this.index = index;
    this.keysOf = layer.keysOf;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.window = layer.window;
    this.rotate = rotate;
    this.qProj = new nn.Linear(hidden, heads * headDim, bias);
    this.qNorm = new Norm(headDim, norm, { headAxis: "heads" });
    if (layer.keysOf === undefined) {
      this.kProj = new nn.Linear(hidden, kvHeads * headDim, bias);
      this.kNorm = new Norm(headDim, norm, { headAxis: "kvHeads" });
      this.vProj = new nn.Linear(hidden, kvHeads * headDim, bias);
      this.vNorm = new Norm(headDim, { ...norm, weight: false }, { headAxis: "kvHeads" });
      this.k = headSites.k();
      this.v = headSites.v();
      this.kRot = headSites.kRot();
    }
    this.oProj = new nn.Linear(heads * headDim, hidden, bias);
    this.postNorm = new Norm(hidden, norm);
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /** @param x (batch, position, hidden), normalised; returns what is added */
  override forward(x: MxArray, pass: StreamsPass, cache?: LayerCache): MxArray {
    const q = this.q.forward(this.byHead(this.qProj.forward(x), this.heads, this.qNorm));
    const turned = this.qRot.forward(this.rotate(q, pass.positions));
    const [k, v] = this.keysOf === undefined ? this.own(x, pass, cache) : this.shared(pass);
    const dropped = droppedKeys(pass, x, { keys: k, window: this.window });
    const mixed = mixHeads(this, { q: turned, k, v, dropped }, pass.mask(this.window, k.shape[2]));
    return writeHeads(this, this.z.forward(mixed.transpose(0, 2, 1, 3)));
  }

  private own(x: MxArray, pass: StreamsPass, cache: LayerCache | undefined): KeysAndValues {
    const { k, v, kRot, kProj, vProj, kNorm, vNorm, kvHeads } = this;
    const keys = k!.forward(this.byHead(kProj!.forward(x), kvHeads, kNorm!)); // all are there where keysOf is not
    const values = v!.forward(this.byHead(vProj!.forward(x), kvHeads, vNorm!));
    const turned = kRot!.forward(this.rotate(keys, pass.positions));
    const all = cache ? cache.append(turned, values, keptKeys(this)) : ([turned, values] as const);
    pass.keys.set(this.index, all);
    return all;
  }

  private shared({ keys }: StreamsPass): KeysAndValues {
    const found = keys.get(this.keysOf!);
    if (found) return found;
    const rule = `its keys and values are those of layers.${this.keysOf}, which was skipped. Leave its attention in.`;
    throw new InvalidArgumentError(`layers.${this.index}.selfAttn`, this.keysOf, rule);
  }

  /** (batch, position, heads · headDim) → (batch, heads, position, headDim), normalised */
  private byHead(projected: MxArray, heads: number, norm: Norm): MxArray {
    return norm.forward(splitHeads(projected, heads, this.headDim)).transpose(0, 2, 1, 3);
  }
}
