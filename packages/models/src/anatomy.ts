/** A decoder's parts in core's vocabulary. */
import { type Anatomy, type LayerWeights, OutOfRangeError } from "@mlxterp/core";
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import type { DecoderConfig } from "./decoder/config.js";
import type { Decoder } from "./decoder/decoder.js";

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
    weights: (layer) => layerWeights(decoder, layer),
  };
}

function layerWeights(decoder: Decoder, index: number): LayerWeights {
  const { length } = decoder.layers;
  const layer = decoder.layers[index < 0 ? index + length : index];
  if (!layer) throw new OutOfRangeError("Layer", index, length, "this model");
  const { selfAttn, mlp } = layer;
  const { heads, kvHeads, oProj } = selfAttn;
  return {
    W_Q: byHead(selfAttn.qProj, heads),
    W_K: byHead(selfAttn.kProj, kvHeads),
    W_V: byHead(selfAttn.vProj, kvHeads),
    W_O: oProj.weight.T.reshape([heads, -1, oProj.weight.shape[0]]),
    W_in: mlp.upProj.weight.T,
    W_out: mlp.downProj.weight.T,
  };
}

/** (heads · headDim, hidden) → (heads, hidden, headDim) */
function byHead({ weight }: Linear, heads: number): MxArray {
  return mx.swapaxes(weight.reshape([heads, -1, weight.shape[1]]), 1, 2);
}
