/** What many families have in common: the fields and weight names that began with Llama. */
import type { z } from "zod";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { size } from "./config-json.js";
import { longestSequence, type RopeFields } from "./rope-json.js";

/** The sizes of a decoder under their most common names. */
export const sizeFields = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
};

export type SizeFields = z.output<z.ZodObject<typeof sizeFields>>;

/** Key/value heads default to the query heads, and a head's width to an even share of the hidden size. */
export function describeHeads(config: Omit<SizeFields, "intermediate_size">) {
  const heads = config.num_attention_heads;
  return {
    heads,
    kvHeads: config.num_key_value_heads ?? heads,
    headDim: config.head_dim ?? Math.floor(config.hidden_size / heads),
  };
}

/** The sizes of a decoder with rotary positions. */
export function describeSizes(
  config: SizeFields & RopeFields & { readonly max_position_embeddings: number },
): Pick<DecoderConfig, "vocab" | "hidden" | "maxPositions" | "learnedPositions"> {
  return {
    vocab: config.vocab_size,
    hidden: config.hidden_size,
    maxPositions: longestSequence(config),
    learnedPositions: false,
  };
}

/** One description for every layer. */
export function repeatLayers<T>(count: number, describe: (layer: number) => T): T[] {
  return Array.from({ length: count }, (_, layer) => describe(layer));
}

/** Embeddings, final norm and head. */
export const outerModules = {
  embed_tokens: "embedTokens",
  norm: "finalNorm",
  lm_head: "lmHead",
};

/** Attention's projections, each a tensor of its own. */
export const attentionModules = {
  "layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
  "layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
  "layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
  "layers.*.self_attn.o_proj": "layers.*.selfAttn.oProj",
};

/** A gated MLP. */
export const gatedModules = {
  "layers.*.mlp.gate_proj": "layers.*.mlp.gateProj",
  "layers.*.mlp.up_proj": "layers.*.mlp.upProj",
  "layers.*.mlp.down_proj": "layers.*.mlp.downProj",
};

/** A norm before attention and one before the MLP. */
export const normModules = {
  "layers.*.input_layernorm": "layers.*.inputNorm",
  "layers.*.post_attention_layernorm": "layers.*.postAttentionNorm",
};

/** Everything of a model in Llama's layout. */
export const llamaModules = {
  ...outerModules,
  ...normModules,
  ...attentionModules,
  ...gatedModules,
};

/** Frequencies that older files store. */
export const rotaryBuffers = [/(^|\.)rotary_emb\.inv_freq$/];
