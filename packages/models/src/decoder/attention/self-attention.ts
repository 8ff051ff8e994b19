/** What the first half of a layer offers, whichever kind of attention it is. */
import type { Linear, Module, MxArray } from "@mlxterp/mlx";
import type { LayerCache } from "../cache/cache.js";
import type { Norm } from "../norm/norm.js";
import type { Pass } from "../positions/pass.js";
import type { Attention } from "./attention.js";
import type { ByHead } from "./head-inputs.js";
import type { HeadWriting, Mixing } from "./mix-heads.js";

/** The first half of a layer: attention, or latent attention with the same sites and some of its own. */
export interface SelfAttention extends Module, Mixing, HeadWriting {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly window: number | undefined;
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly qNorm?: Norm | undefined;
  readonly kNorm?: Norm | undefined;
  readonly vNorm?: Norm | undefined;
  readonly keysOf?: number | undefined;
  readonly valuesFromKeys?: boolean;
  readonly qRaw?: Attention["qRaw"];
  readonly kRaw?: Attention["kRaw"];
  readonly q: Attention["q"];
  readonly k: Attention["k"];
  readonly v: Attention["v"];
  readonly qRot: Attention["qRot"];
  readonly kRot: Attention["kRot"];
  readonly z: Attention["z"];
  /** In latent attention only. */
  readonly qDownProj?: Linear;
  readonly qDownNorm?: Norm;
  readonly kvDownProj?: Linear;
  readonly kvDownNorm?: Norm;
  readonly kRopeProj?: Linear;
  forward(x: MxArray, pass: Pass, cache?: LayerCache, differences?: ByHead): MxArray;
}
