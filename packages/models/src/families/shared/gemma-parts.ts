/** What the generations of Gemma share. */
import { z } from "zod";
import { unread, withDefault } from "./config-json.js";
import type { Differences } from "./like-llama.js";
import { rmsNorm } from "./norms.js";
import { computed, count, flag, nonlinearity, part } from "./part.js";

/** Wide heads, 1 + weight norms, and embeddings as long as the residual stream is wide. */
export const gemmaParts = {
  headDim: count("head_dim", 256),
  embeddingScale: computed(({ hidden_size: hidden }) => Math.sqrt(hidden)),
  norm: rmsNorm(1e-6, { unitOffset: true }),
  tied: flag("tie_word_embeddings", true),
} satisfies Differences;

/** Norms before and after both writes, in Gemma 2 and 3. */
export const sandwichParts = {
  ...gemmaParts,
  fields: () => ({ hidden_act: unread }),
  activation: nonlinearity("hidden_activation", "geluTanh"),
  scale: part(
    () => ({ query_pre_attn_scalar: withDefault(z.number().positive(), 256) }),
    ({ query_pre_attn_scalar: width }) => width ** -0.5,
  ),
  normedWrites: true,
  names: {
    "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
    "layers.*.pre_feedforward_layernorm": "layers.*.postAttentionNorm",
    "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
  },
} satisfies Differences;
