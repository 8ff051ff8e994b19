/** Gemma 3n, text only (`model_type: "gemma3n_text"`): several residual streams, embeddings for each layer, shared keys and values. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { StreamsConfig, StreamsLayerConfig } from "../../streams/config.js";
import { StreamsDecoder } from "../../streams/streams-decoder.js";
import { StreamsModel } from "../../streams-model/streams-model.js";
import {
  activation,
  always,
  readConfig,
  size,
  unread,
  withDefault,
} from "../shared/config-json.js";
import type { ModuleFamily } from "../shared/family.js";
import { parametersByKind, ropeOfKind, scalingOfFull } from "../shared/rope-by-kind.js";
import { describeRope } from "../shared/rope-json.js";
import { layerTypes } from "../shared/windows.js";

const share = z.number().min(0).lt(1);
const positive = z.number().positive();

const schema = z.object({
  vocab_size: withDefault(size, 262_400),
  hidden_size: withDefault(size, 2048),
  intermediate_size: z.union([size, z.array(size)]).default(16_384),
  num_hidden_layers: withDefault(size, 35),
  num_attention_heads: withDefault(size, 8),
  num_key_value_heads: withDefault(size, 2),
  head_dim: withDefault(size, 256),
  hidden_activation: activation.default("geluTanh"),
  max_position_embeddings: withDefault(size, 32_768),
  rms_norm_eps: withDefault(positive, 1e-6),
  attention_bias: withDefault(z.boolean(), false),
  sliding_window: withDefault(size, 512),
  layer_types: layerTypes,
  final_logit_softcapping: positive.nullable().default(30),
  vocab_size_per_layer_input: withDefault(size, 262_144),
  hidden_size_per_layer_input: withDefault(size, 256),
  altup_active_idx: always(0),
  altup_coef_clip: unread, // in training only
  altup_correct_scale: withDefault(z.boolean(), true),
  altup_num_inputs: withDefault(z.int().min(2), 4),
  num_kv_shared_layers: z.int().nonnegative().default(15),
  laurel_rank: withDefault(size, 64),
  activation_sparsity_pattern: z.union([share, z.array(share)]).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
  rope_theta: withDefault(positive, 1_000_000),
  rope_local_base_freq: withDefault(positive, 10_000),
  rope_scaling: scalingOfFull,
  rope_parameters: parametersByKind,
});

type Fields = z.output<typeof schema>;

function describe(json: unknown, file: string): StreamsConfig {
  const config = readConfig(schema, json, file);
  const { hidden_size: hidden, final_logit_softcapping: softCap } = config;
  const heads = { heads: config.num_attention_heads, kvHeads: config.num_key_value_heads };
  if (heads.heads % heads.kvHeads !== 0) {
    const rule = `It must divide num_attention_heads = ${heads.heads}.`;
    throw new UnsupportedConfigError("num_key_value_heads", heads.kvHeads, file, rule);
  }
  return {
    ...{ vocab: config.vocab_size, hidden, ...heads, headDim: config.head_dim },
    ...{ maxPositions: config.max_position_embeddings, embeddingScale: Math.sqrt(hidden) },
    ...{ bias: config.attention_bias, activation: config.hidden_activation },
    norm: { kind: "rms", epsilon: config.rms_norm_eps, bias: false },
    layers: layersOf(config, file),
    ...{ streams: config.altup_num_inputs, scalesCorrected: config.altup_correct_scale },
    laurelRank: config.laurel_rank,
    perLayer: {
      vocab: config.vocab_size_per_layer_input,
      width: config.hidden_size_per_layer_input,
    },
    head: { tied: config.tie_word_embeddings, ...(softCap !== null && { softCap }) },
  };
}

function layersOf(config: Fields, file: string): StreamsLayerConfig[] {
  const {
    num_hidden_layers: count,
    num_kv_shared_layers: sharing,
    sliding_window: window,
  } = config;
  const windowed = (layer: number) =>
    config.layer_types ? config.layer_types[layer] === "sliding_attention" : (layer + 1) % 5 !== 0;
  const first = count - sharing > 0 ? count - sharing : count;
  const own = Array.from({ length: first }, (_, layer) => layer);
  const keysOf = (layer: number) => {
    if (layer < first) return undefined;
    const found = own.findLast((earlier) => windowed(earlier) === windowed(layer));
    if (found !== undefined) return found;
    const rule = `No layer of the kind of layer ${layer} has keys of its own to share.`;
    throw new UnsupportedConfigError("num_kv_shared_layers", sharing, file, rule);
  };
  return Array.from({ length: count }, (_, layer) => {
    const of = keysOf(layer);
    const sparsity = sparsityOf(config, layer, file);
    return {
      rope: ropeOf(config, windowed(layer)),
      ...(windowed(layer) && { window }),
      ...(of !== undefined && { keysOf: of }),
      mlpHidden: oneOf("intermediate_size", config.intermediate_size, { layer, count, file }),
      ...(sparsity > 0 && { sparsity }),
    };
  });
}

interface Where {
  readonly layer: number;
  readonly count: number;
  readonly file: string;
}

/** A number for all layers, or one of a list with an entry for each. */
function oneOf(field: string, value: number | number[], { layer, count, file }: Where): number {
  if (!Array.isArray(value)) return value;
  if (value.length === count) return value[layer];
  throw new UnsupportedConfigError(field, value, file, `It needs ${count} entries, one a layer.`);
}

function sparsityOf(config: Fields, layer: number, file: string): number {
  const { activation_sparsity_pattern: pattern, num_hidden_layers: count } = config;
  if (pattern === null || pattern === undefined) return count > 10 && layer < 10 ? 0.95 : 0;
  return oneOf("activation_sparsity_pattern", pattern, { layer, count, file });
}

function ropeOf(config: Fields, isLocal: boolean) {
  const base = isLocal ? config.rope_local_base_freq : config.rope_theta;
  const { head_dim: headDim, max_position_embeddings: maxPositions } = config;
  return describeRope(ropeOfKind(config, isLocal, base), { headDim, maxPositions });
}

const layerNames: WeightTable["modules"] = Object.fromEntries(
  Object.entries({
    input_layernorm: "inputNorm",
    "self_attn.q_proj": "selfAttn.qProj",
    "self_attn.k_proj": "selfAttn.kProj",
    "self_attn.v_proj": "selfAttn.vProj",
    "self_attn.o_proj": "selfAttn.oProj",
    "self_attn.q_norm": "selfAttn.qNorm",
    "self_attn.k_norm": "selfAttn.kNorm",
    post_attention_layernorm: "selfAttn.postNorm",
    pre_feedforward_layernorm: "postAttentionNorm",
    post_feedforward_layernorm: "mlp.postNorm",
    "mlp.gate_proj": "mlp.gateProj",
    "mlp.up_proj": "mlp.upProj",
    "mlp.down_proj": "mlp.downProj",
    "altup.correction_coefs": "altUp.correctionProj",
    "altup.prediction_coefs": "altUp.predictionProj",
    "altup.modality_router": "altUp.router",
    "altup.router_norm": "altUp.routerNorm",
    "laurel.linear_left": "laurel.downProj",
    "laurel.linear_right": "laurel.upProj",
    "laurel.post_laurel_norm": "laurel.postNorm",
    per_layer_input_gate: "perLayerGateProj",
    per_layer_projection: "perLayerProj",
    post_per_layer_input_norm: "perLayerNorm",
  }).map(([file, module]) => [`layers.*.${file}`, `layers.*.${module}`]),
);

const weights = ({ layers, head }: StreamsConfig): WeightTable => {
  const sharing = layers.flatMap(({ keysOf }, layer) => (keysOf === undefined ? [] : [layer]));
  return {
    optionalPrefix: "model.",
    modules: {
      embed_tokens: "embedTokens",
      embed_tokens_per_layer: "perLayer.table",
      per_layer_model_projection: "perLayer.projection",
      per_layer_projection_norm: "perLayer.norm",
      "altup_projections.*": "streamProjs.*",
      "altup_unembed_projections.*": "mergeProjs.*",
      ...layerNames,
      norm: "finalNorm",
      ...(!head.tied && { lm_head: "lmHead" }),
    },
    parameters: { "layers.*.altup.correct_output_scale": "layers.*.altUp.outputScale" },
    // Files hold keys and values of all layers, of which those that share read others.
    ignored:
      sharing.length > 0
        ? [new RegExp(`(^|\\.)layers\\.(${sharing.join("|")})\\.self_attn\\.[kv]_(proj|norm)\\.`)]
        : [],
  };
};

export const gemma3nText: ModuleFamily = {
  modelType: "gemma3n_text",
  kind: "streams",
  build: (json, file) => {
    const config = describe(json, file);
    const module = new StreamsDecoder(config);
    return {
      ...{ module, weights: weights(config) },
      open: (parts) => new StreamsModel(module, { config, ...parts }),
    };
  },
};
