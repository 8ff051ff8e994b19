/** GPT-J (`model_type: "gptj"`): parallel attention and MLP behind one norm, neighbouring pairs of a part of each head rotated. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, always, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { repeatLayers } from "../shared/layout.js";
import { gptNames, otherNames } from "../shared/other-names.js";

const schema = z.object({
  rotary: always(true),
  scale_attn_weights: always(true),
  vocab_size: size,
  n_positions: withDefault(size, 2048),
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  rotary_dim: size.default(64),
  activation_function: activation.default("geluTanh"),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  tie_word_embeddings: withDefault(z.boolean(), false),
});

type GptjConfig = z.output<typeof schema>;

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
    learnedPositions: false,
    layers: repeatLayers(config.n_layer, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      mlp,
      parallel: true,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: true },
  };
}

function describeAttention(config: GptjConfig): AttentionConfig {
  const headDim = Math.floor(config.n_embd / config.n_head);
  return {
    heads: config.n_head,
    kvHeads: config.n_head,
    headDim,
    scale: headDim ** -0.5,
    qkvBias: false,
    outputBias: false,
    rope: { dims: config.rotary_dim, base: 10_000, interleaved: true },
  };
}

export const gptj: Family = {
  modelType: "gptj",
  describe,
  weights: {
    optionalPrefix: "transformer.",
    modules: {
      wte: "embedTokens",
      "h.*.ln_1": "layers.*.inputNorm",
      "h.*.attn.q_proj": "layers.*.selfAttn.qProj",
      "h.*.attn.k_proj": "layers.*.selfAttn.kProj",
      "h.*.attn.v_proj": "layers.*.selfAttn.vProj",
      "h.*.attn.out_proj": "layers.*.selfAttn.oProj",
      "h.*.mlp.fc_in": "layers.*.mlp.upProj",
      "h.*.mlp.fc_out": "layers.*.mlp.downProj",
      ln_f: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [/(^|\.)attn\.(masked_)?bias$/, /(^|\.)attn\.embed_positions$/],
  },
};
