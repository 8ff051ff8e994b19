/** A decoder's parts in core's vocabulary. */
import {
  type Anatomy,
  type LayerWeights,
  MissingAnatomyError,
  OutOfRangeError,
} from "@mlxterp/core";
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import type { DecoderConfig } from "./decoder/config.js";
import type { Decoder } from "./decoder/decoder.js";
import { type FeedForward, Mlp } from "./decoder/mlp.js";
import { fullWeight } from "./quantization/full-weight.js";

/** The anatomy of a decoder; its functions run outside any trace. */
export function describeAnatomy(decoder: Decoder, config: DecoderConfig): Anatomy {
  const { heads, kvHeads, headDim } = config.layers[0].attention;
  return {
    layers: config.layers.length,
    heads,
    kvHeads,
    headDim,
    hidden: config.hidden,
    vocab: config.vocab,
    maxPositions: config.maxPositions,
    embed: (ids) => decoder.embed(ids),
    finalNorm: (residual) => decoder.finalNorm.forward(residual),
    unembed: (normalized) => decoder.unembed(normalized),
    weights: (layer) => layerWeights(decoder.layers, layer),
  };
}

type Projections = Readonly<Record<"qProj" | "kProj" | "vProj" | "oProj", Linear>>;

/** What of a layer has weights to show, whatever stands between them. */
interface LayerProjections {
  readonly selfAttn: Projections & {
    readonly heads: number;
    readonly kvHeads: number;
    readonly kvDownProj?: Linear;
  };
  readonly mlp: FeedForward;
}

/**
 * @param index negative ones count from the end
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a layer that does not exist; MissingAnatomyError (`MISSING_ANATOMY`) when
 * `W_in` or `W_out` of a mixture of experts is read, which has many, or `W_Q`, `W_K` or `W_V` of latent attention, where
 * a norm stands between the residual stream and the heads
 */
export function layerWeights(layers: readonly LayerProjections[], index: number): LayerWeights {
  const { length } = layers;
  const layer = layers[index < 0 ? index + length : index];
  if (!layer) throw new OutOfRangeError("Layer", index, length, "this model");
  const { selfAttn, mlp } = layer;
  const { heads, kvHeads, oProj } = selfAttn;
  const writes = fullWeight(oProj); // (hidden, heads · headDim)
  return {
    get W_Q() {
      return byHead(direct(selfAttn).qProj, heads);
    },
    get W_K() {
      return byHead(direct(selfAttn).kProj, kvHeads);
    },
    get W_V() {
      return byHead(direct(selfAttn).vProj, kvHeads);
    },
    W_O: writes.T.reshape([heads, -1, writes.shape[0]]),
    get W_in() {
      return fullWeight(dense(mlp).upProj).T;
    },
    get W_out() {
      return fullWeight(dense(mlp).downProj).T;
    },
  };
}

function dense(mlp: FeedForward): Mlp {
  if (mlp instanceof Mlp) return mlp;
  throw new MissingAnatomyError("single W_in and W_out", ["mlp.upProj", "mlp.downProj"]);
}

function direct(attention: LayerProjections["selfAttn"]): Projections {
  if (!attention.kvDownProj) return attention;
  throw new MissingAnatomyError("W_Q, W_K and W_V", ["projections that read the residual stream"]);
}

/** (heads · headDim, hidden) → (heads, hidden, headDim) */
function byHead(projection: Linear, heads: number): MxArray {
  const weight = fullWeight(projection);
  return mx.swapaxes(weight.reshape([heads, -1, weight.shape[1]]), 1, 2);
}
