/** OPT (`model_type: "opt"`): learned positions from row 2 on, ReLU. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../decoder/config.js";
import { UnsupportedConfigError } from "../errors.js";
import { activation, readConfig, size, withDefault } from "./config-json.js";
import type { Family } from "./family.js";
import { repeatLayers } from "./layout.js";

const schema = z.object({
  vocab_size: size,
  max_position_embeddings: withDefault(size, 2048),
  hidden_size: size,
  word_embed_proj_dim: size.nullish(),
  ffn_dim: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  activation_function: activation.default("relu"),
  enable_bias: withDefault(z.boolean(), true),
  layer_norm_elementwise_affine: z.literal(true).nullish(),
  // Only the 350M model normalises after its layers; it also projects embeddings.
  do_layer_norm_before: z.literal(true).nullish(),
  _remove_final_layer_norm: z.literal(false).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
});

type OptConfig = z.output<typeof schema>;

const norm: NormConfig = { kind: "layer", epsilon: 1e-5, bias: true };

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const { word_embed_proj_dim: width, hidden_size: hidden } = config;
  if (width && width !== hidden) {
    const rule = `Embeddings of another width than hidden_size = ${hidden} are not implemented.`;
    throw new UnsupportedConfigError("word_embed_proj_dim", width, file, rule);
  }
  const mlp = {
    hidden: config.ffn_dim,
    activation: config.activation_function,
    gated: false,
    bias: config.enable_bias,
  };
  return {
    vocab: config.vocab_size,
    hidden,
    maxPositions: config.max_position_embeddings,
    learnedPositions: true,
    positionOffset: 2,
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: OptConfig): AttentionConfig {
  const heads = config.num_attention_heads;
  const headDim = Math.floor(config.hidden_size / heads);
  return {
    heads,
    kvHeads: heads,
    headDim,
    scale: headDim ** -0.5,
    qkvBias: config.enable_bias,
    outputBias: config.enable_bias,
  };
}

export const opt: Family = {
  modelType: "opt",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      "decoder.embed_tokens": "embedTokens",
      "decoder.embed_positions": "embedPositions",
      "decoder.layers.*.self_attn_layer_norm": "layers.*.inputNorm",
      "decoder.layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
      "decoder.layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
      "decoder.layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
      "decoder.layers.*.self_attn.out_proj": "layers.*.selfAttn.oProj",
      "decoder.layers.*.final_layer_norm": "layers.*.postAttentionNorm",
      "decoder.layers.*.fc1": "layers.*.mlp.upProj",
      "decoder.layers.*.fc2": "layers.*.mlp.downProj",
      "decoder.final_layer_norm": "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [],
  },
};
