/** GPT-BigCode and StarCoder (`model_type: "gpt_bigcode"`): GPT-2's layout with multi-query attention. */
import { z } from "zod";
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { repeatLayers } from "../shared/layout.js";
import { gptNames, otherNames, refuseContradiction } from "../shared/other-names.js";

const schema = z.object({
  inference_runner: unread,
  validate_runner_input: unread,
  pre_allocate_kv_cache: unread,
  max_batch_size: unread,
  vocab_size: size,
  n_positions: withDefault(size, 1024),
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: activation.default("geluTanh"),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  scale_attn_weights: withDefault(z.boolean(), true),
  num_key_value_heads: size.nullish(),
  multi_query: withDefault(z.boolean(), true),
  add_cross_attention: z.literal(false).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
});

type GptBigcodeConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, otherNames(json, gptNames, file), file);
  const kvHeads = config.multi_query ? 1 : config.n_head;
  const { num_key_value_heads: written } = config;
  refuseContradiction("num_key_value_heads", written, "that of multi_query", kvHeads, file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_epsilon, bias: true };
  const mlp = {
    hidden: config.n_inner ?? 4 * config.n_embd,
    activation: config.activation_function,
    gated: false,
    bias: true,
  };
  return {
    vocab: config.vocab_size,
    hidden: config.n_embd,
    maxPositions: config.n_positions,
    learnedPositions: true,
    layers: repeatLayers(config.n_layer, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: GptBigcodeConfig): AttentionConfig {
  const headDim = Math.floor(config.n_embd / config.n_head);
  return {
    heads: config.n_head,
    kvHeads: config.multi_query ? 1 : config.n_head,
    headDim,
    scale: config.scale_attn_weights ? headDim ** -0.5 : 1,
    qkvBias: true,
    outputBias: true,
  };
}

export const gptBigcode: Family = {
  modelType: "gpt_bigcode",
  describe,
  weights: ({ layers: [{ attention }] }) => ({
    optionalPrefix: "transformer.",
    modules: {
      wte: "embedTokens",
      wpe: "embedPositions",
      "h.*.ln_1": "layers.*.inputNorm",
      "h.*.attn.c_attn": groupedQkv(attention),
      "h.*.attn.c_proj": "layers.*.selfAttn.oProj",
      "h.*.ln_2": "layers.*.postAttentionNorm",
      "h.*.mlp.c_fc": "layers.*.mlp.upProj",
      "h.*.mlp.c_proj": "layers.*.mlp.downProj",
      ln_f: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [/(^|\.)attn\.(masked_)?bias$/],
  }),
};
