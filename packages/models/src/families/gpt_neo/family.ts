/** GPT-Neo (`model_type: "gpt_neo"`): GPT-2's layout with unscaled scores and a window in every other layer. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { repeatLayers } from "../shared/layout.js";
import { otherNames } from "../shared/other-names.js";

const layerKind = z.enum(["global", "local"]);

const schema = z.object({
  vocab_size: size,
  max_position_embeddings: withDefault(size, 2048),
  hidden_size: size,
  num_layers: size,
  num_heads: size,
  intermediate_size: size.nullish(),
  activation_function: activation.default("geluTanh"),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  window_size: withDefault(size, 256),
  /** Kinds of layers and how often they follow each other; `attention_layers` is the same, written out. */
  attention_types: z.array(z.tuple([z.array(layerKind), size])).nullish(),
  attention_layers: z.array(layerKind).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
});

type GptNeoConfig = z.output<typeof schema>;

const otherSpellings = { num_attention_heads: "num_heads", num_hidden_layers: "num_layers" };

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, otherNames(json, otherSpellings, file), file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_epsilon, bias: true };
  const mlp = {
    hidden: config.intermediate_size ?? 4 * config.hidden_size,
    activation: config.activation_function,
    gated: false,
    bias: true,
  };
  return {
    vocab: config.vocab_size,
    hidden: config.hidden_size,
    maxPositions: config.max_position_embeddings,
    learnedPositions: true,
    layers: repeatLayers(config.num_layers, (layer) => ({
      inputNorm: norm,
      attention: describeAttention(config, layer),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: GptNeoConfig, layer: number): AttentionConfig {
  const local = layerKinds(config)[layer] === "local";
  return {
    heads: config.num_heads,
    kvHeads: config.num_heads,
    headDim: Math.floor(config.hidden_size / config.num_heads),
    scale: 1,
    qkvBias: false,
    outputBias: true,
    ...(local && { window: config.window_size }),
  };
}

function layerKinds({ attention_layers: listed, attention_types: types }: GptNeoConfig) {
  if (listed) return listed;
  const repeated = types ?? [[["global", "local"], 12] as const];
  return repeated.flatMap(([kinds, times]) => Array.from({ length: times }, () => kinds).flat());
}

export const gptNeo: Family = {
  modelType: "gpt_neo",
  describe,
  weights: {
    optionalPrefix: "transformer.",
    modules: {
      wte: "embedTokens",
      wpe: "embedPositions",
      "h.*.ln_1": "layers.*.inputNorm",
      "h.*.attn.attention.q_proj": "layers.*.selfAttn.qProj",
      "h.*.attn.attention.k_proj": "layers.*.selfAttn.kProj",
      "h.*.attn.attention.v_proj": "layers.*.selfAttn.vProj",
      "h.*.attn.attention.out_proj": "layers.*.selfAttn.oProj",
      "h.*.ln_2": "layers.*.postAttentionNorm",
      "h.*.mlp.c_fc": "layers.*.mlp.upProj",
      "h.*.mlp.c_proj": "layers.*.mlp.downProj",
      ln_f: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [/(^|\.)attn\.attention\.(masked_)?bias$/],
  },
};
