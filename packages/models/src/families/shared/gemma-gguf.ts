/** What the generations of Gemma share in GGUF files. */
import { mx } from "@mlxterp/mlx";
import type { GgufMetadata } from "../../checkpoint/gguf/gguf-metadata.js";
import type { WeightRule, WeightTable } from "../../checkpoint/table/weight-table.js";
import { ggufNames, ggufSizes } from "./gguf.js";

/** A norm, of which files have what multiplies: one more than its weight. */
const lessOne = (into: string): WeightRule => ({
  into: [into],
  transform: (tensor) => [mx.subtract(tensor, 1)],
});

const isNorm = /(N|n)orm$/;

/** Names with the norms as files have them. */
export const gemmaNames = (more: Readonly<Record<string, string>> = {}): WeightTable["modules"] =>
  Object.fromEntries(
    Object.entries({ ...ggufNames, ...more }).map(([name, into]) => [
      name,
      isNorm.test(into) ? lessOne(into) : into,
    ]),
  );

/** The norms after both writes. */
export const sandwichNames = {
  "blk.*.post_attention_norm": "layers.*.selfAttn.postNorm",
  "blk.*.post_ffw_norm": "layers.*.mlp.postNorm",
};

/** @param modelType of the family */
export function gemmaConfig(metadata: GgufMetadata, modelType: string): Record<string, unknown> {
  return {
    ...{ ...ggufSizes(metadata), model_type: modelType },
    head_dim: metadata.value("attention.key_length"),
    rms_norm_eps: metadata.value("attention.layer_norm_rms_epsilon"),
  };
}

/**
 * What scores are divided by the root of, which files do not say: the width of heads, but in the largest model of a generation,
 * told by its number of layers, an even share of the residual stream.
 */
export function scalar(metadata: GgufMetadata, layersOfLargest: number): unknown {
  const [layers, hidden, heads] = ["block_count", "embedding_length", "attention.head_count"].map(
    (key) => Number(metadata.value(key)),
  );
  return layers === layersOfLargest ? hidden / heads : metadata.value("attention.key_length");
}
