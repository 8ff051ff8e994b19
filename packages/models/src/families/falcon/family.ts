/** Falcon (`model_type: "falcon"`): multi-query or grouped attention, parallel to the MLP or before it, rotary positions or alibi. */
import { z } from "zod";
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import { onByDefault, size, unread, withDefault } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { rotaryBuffers } from "../shared/names.js";
import { computed, flag, nonlinearity, part, when } from "../shared/part.js";
import { evenShare, fourfold } from "../shared/plain-parts.js";
import { rotary, scaledLength } from "../shared/rope-parts.js";

const byAlibi = flag("alibi", false);
const newer = { new_decoder_architecture: withDefault(z.boolean(), false) };
const halves = {
  parallel_attn: onByDefault,
  num_ln_in_parallel_attn: z.literal([1, 2]).nullish(),
};

export const falcon = likeGpt("falcon", {
  formerly: {
    n_head_kv: "num_kv_heads",
    n_embed: "hidden_size",
    n_layer: "num_hidden_layers",
    n_head: "num_attention_heads",
  },
  fields: () => ({ ff_factor: unread }), // `ffn_hidden_size` says it
  maxPositions: when(byAlibi, undefined, scaledLength),
  learnedPositions: false,
  block: part(
    () => ({ ...newer, ...halves }),
    (config) => {
      const parallel = config.new_decoder_architecture || config.parallel_attn;
      const norms = config.new_decoder_architecture ? (config.num_ln_in_parallel_attn ?? 2) : 1;
      return { inputNorm: true, postAttentionNorm: norms === 2 || !parallel, parallel };
    },
  ),
  kvHeads: part(
    () => ({ ...newer, num_kv_heads: size.nullish(), multi_query: onByDefault }),
    (config) => {
      const shared = config.multi_query && !config.new_decoder_architecture;
      return shared ? 1 : (config.num_kv_heads ?? config.num_attention_heads);
    },
  ),
  attentionBias: flag("bias", false),
  alibi: when(
    byAlibi,
    computed((config) => ({ factor: evenShare(config) ** -0.5, rounded: true })),
  ),
  rope: when(byAlibi, undefined, rotary()),
  mlpWidth: fourfold("ffn_hidden_size"),
  mlpBias: flag("bias", false),
  activation: nonlinearity("activation", "gelu"),
  names: ({ layers: [{ attention }] }) => ({
    word_embeddings: "embedTokens",
    "h.*.input_layernorm": "layers.*.inputNorm",
    "h.*.ln_attn": "layers.*.inputNorm",
    "h.*.self_attention.query_key_value": groupedQkv(attention),
    "h.*.self_attention.dense": "layers.*.selfAttn.oProj",
    "h.*.post_attention_layernorm": "layers.*.postAttentionNorm",
    "h.*.ln_mlp": "layers.*.postAttentionNorm",
    "h.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
    "h.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
  }),
  ignored: rotaryBuffers,
});
