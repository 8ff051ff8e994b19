/** BLOOM (`model_type: "bloom"`): alibi in place of positions, normalised embeddings. */
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import { always, unread } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { normedReads } from "../shared/norms.js";
import { computed, flag, when } from "../shared/part.js";

export const bloom = likeGpt("bloom", {
  formerly: { n_embed: "hidden_size", n_layer: "num_hidden_layers", n_head: "num_attention_heads" },
  fields: () => ({
    offset_alibi: unread,
    bias_dropout_fusion: unread,
    masked_softmax_fusion: unread,
    skip_bias_add: unread,
    skip_bias_add_qkv: unread,
    slow_but_exact: always(false), // leaves out biases
  }),
  longest: undefined,
  maxPositions: undefined,
  learnedPositions: false,
  alibi: { factor: 1, rounded: false },
  embeddingNorm: true,
  block: when(
    flag("apply_residual_connection_post_layernorm", false),
    { ...normedReads, addsToNormalized: true },
    normedReads,
  ),
  mlpWidth: computed((config) => 4 * config.hidden_size),
  activation: "geluTanh",
  names: ({ layers: [{ attention }] }) => ({
    word_embeddings: "embedTokens",
    word_embeddings_layernorm: "embedNorm",
    "h.*.input_layernorm": "layers.*.inputNorm",
    "h.*.self_attention.query_key_value": groupedQkv(attention),
    "h.*.self_attention.dense": "layers.*.selfAttn.oProj",
    "h.*.post_attention_layernorm": "layers.*.postAttentionNorm",
    "h.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
    "h.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
  }),
  ignored: [],
});
