/** OPT and Galactica (`model_type: "opt"`): learned positions from row 2 on; the 350M model has norms after its parts. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { repeatLayers } from "../shared/layout.js";

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
  layer_norm_elementwise_affine: withDefault(z.boolean(), true),
  do_layer_norm_before: withDefault(z.boolean(), true),
  _remove_final_layer_norm: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), true),
});

type OptConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const { word_embed_proj_dim: width, hidden_size: hidden, do_layer_norm_before: before } = config;
  const norm = describeNorm(config);
  const mlp = {
    hidden: config.ffn_dim,
    activation: config.activation_function,
    gated: false,
    bias: config.enable_bias,
  };
  return {
    vocab: config.vocab_size,
    hidden,
    ...(width && width !== hidden && { embeddingWidth: width }),
    maxPositions: config.max_position_embeddings,
    learnedPositions: true,
    positionOffset: 2,
    layers: repeatLayers(config.num_hidden_layers, () => ({
      ...(before ? { inputNorm: norm } : { outputNorm: norm }),
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
    })),
    ...(before && !config._remove_final_layer_norm && { finalNorm: norm }),
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeNorm({ layer_norm_elementwise_affine: affine }: OptConfig): NormConfig {
  return { kind: "layer", epsilon: 1e-5, bias: affine, ...(!affine && { weight: false }) };
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
  weights: ({ layers: [{ outputNorm }] }) => ({
    optionalPrefix: "model.",
    modules: {
      "decoder.embed_tokens": "embedTokens",
      "decoder.embed_positions": "embedPositions",
      "decoder.project_in": "embedTokens.projection",
      "decoder.layers.*.self_attn_layer_norm": outputNorm
        ? "layers.*.postAttentionNorm"
        : "layers.*.inputNorm",
      "decoder.layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
      "decoder.layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
      "decoder.layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
      "decoder.layers.*.self_attn.out_proj": "layers.*.selfAttn.oProj",
      "decoder.layers.*.final_layer_norm": outputNorm
        ? "layers.*.outputNorm"
        : "layers.*.postAttentionNorm",
      "decoder.layers.*.fc1": "layers.*.mlp.upProj",
      "decoder.layers.*.fc2": "layers.*.mlp.downProj",
      "decoder.final_layer_norm": "finalNorm",
      "decoder.project_out": "unembedProjection",
      lm_head: "lmHead",
    },
    ignored: [],
  }),
};
