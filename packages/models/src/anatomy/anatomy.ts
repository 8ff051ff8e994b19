/** A decoder's parts in core's vocabulary. */
import type { Anatomy } from "@mlxterp/core";
import type { DecoderConfig } from "../decoder/config/config.js";
import type { Decoder } from "../decoder/model/decoder.js";
import { layerWeights } from "./layer-weights.js";

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
    finalNorm: (residual) => decoder.finalNorm?.forward(residual) ?? residual,
    unembed: (normalized) => decoder.unembed(normalized),
    weights: (layer) => layerWeights(decoder.layers, layer),
  };
}
