/** The weights of latent attention: queries, keys and values by way of narrow vectors. */
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import { fullWeight } from "../packed/full-weight.js";

/**
 * A layer's matrices, oriented so that activations multiply from the left. A norm stands after each matrix that goes
 * down, so the product of two is not what a head reads.
 * Source: DeepSeek-AI 2024, "DeepSeek-V2", section 2.1, whose names these are.
 */
export interface LatentWeights {
  /** (hidden, queryRank); undefined where queries are read from the residual stream */
  readonly W_DQ: MxArray | undefined;
  /** (heads, queryRank or hidden, headDim): the part that stays, then the part that turns */
  readonly W_UQ: MxArray;
  /** (hidden, keyValueRank) */
  readonly W_DKV: MxArray;
  /** (heads, keyValueRank, headDim - rotaryDim) */
  readonly W_UK: MxArray;
  /** (heads, keyValueRank, valueDim) */
  readonly W_UV: MxArray;
  /** (hidden, rotaryDim): the part of the keys that turns, the same for all heads */
  readonly W_KR: MxArray;
}

/** The projections of latent attention. */
export interface LatentProjections {
  readonly heads: number;
  readonly qDownProj?: Linear;
  readonly qProj: Linear;
  readonly kvDownProj: Linear;
  readonly kRopeProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
}

export function latentWeights(attention: LatentProjections): LatentWeights {
  const { heads, qDownProj, qProj, kvDownProj, kRopeProj, kProj, vProj } = attention;
  return {
    W_DQ: qDownProj && fullWeight(qDownProj).T,
    W_UQ: byHead(qProj, heads),
    W_DKV: fullWeight(kvDownProj).T,
    W_UK: byHead(kProj, heads),
    W_UV: byHead(vProj, heads),
    W_KR: fullWeight(kRopeProj).T,
  };
}

/** (heads · out, in) → (heads, in, out) */
export function byHead(projection: Linear, heads: number): MxArray {
  const weight = fullWeight(projection);
  return mx.swapaxes(weight.reshape([heads, -1, weight.shape[1]]), 1, 2);
}
