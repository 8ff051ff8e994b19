/** GPT-2 (`model_type: "gpt2"`): LayerNorm, learned positions, fused attention weights stored (in, out). */
import { z } from "zod";
import { conv1d } from "../../checkpoint/table/weight-table.js";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { gptNames, otherNames } from "../shared/other-names.js";

const schema = z.object({
  vocab_size: size,
  n_positions: withDefault(size, 1024),
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: activation.default("geluTanh"),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  scale_attn_weights: withDefault(z.boolean(), true),
  scale_attn_by_inverse_layer_idx: withDefault(z.boolean(), false),
  // Only where float32 is used, and scores and softmax are float32 here in any case.
  reorder_and_upcast_attn: withDefault(z.boolean(), false),
  add_cross_attention: z.literal(false).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
});

type Gpt2Config = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, otherNames(json, gptNames, file), file);
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
    layers: Array.from({ length: config.n_layer }, (_, layer) => ({
      inputNorm: norm,
      attention: describeAttention(config, layer),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: Gpt2Config, layer: number): AttentionConfig {
  const headDim = Math.floor(config.n_embd / config.n_head);
  const plain = config.scale_attn_weights ? headDim ** -0.5 : 1;
  return {
    heads: config.n_head,
    kvHeads: config.n_head,
    headDim,
    scale: config.scale_attn_by_inverse_layer_idx ? plain / (layer + 1) : plain,
    qkvBias: true,
    outputBias: true,
  };
}

export const gpt2: Family = {
  modelType: "gpt2",
  describe,
  weights: {
    optionalPrefix: "transformer.",
    modules: {
      wte: "embedTokens",
      wpe: "embedPositions",
      "h.*.ln_1": "layers.*.inputNorm",
      "h.*.attn.c_attn": conv1d(
        "layers.*.selfAttn.qProj",
        "layers.*.selfAttn.kProj",
        "layers.*.selfAttn.vProj",
      ),
      "h.*.attn.c_proj": conv1d("layers.*.selfAttn.oProj"),
      "h.*.ln_2": "layers.*.postAttentionNorm",
      "h.*.mlp.c_fc": conv1d("layers.*.mlp.upProj"),
      "h.*.mlp.c_proj": conv1d("layers.*.mlp.downProj"),
      ln_f: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [/(^|\.)attn\.(masked_)?bias$/],
  },
};
