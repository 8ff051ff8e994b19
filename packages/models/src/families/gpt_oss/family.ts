/** gpt-oss (`model_type: "gpt_oss"`): attention sinks, every other layer windowed, experts with biases and a clamped gate. */
import { mx } from "@mlxterp/mlx";
import { z } from "zod";
import { compact, type WeightRule } from "../../checkpoint/table/weight-table.js";
import type {
  AttentionConfig,
  DecoderConfig,
  MlpConfig,
  NormConfig,
} from "../../decoder/config/config.js";
import { readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import {
  attentionModules,
  describeHeads,
  describeSizes,
  normModules,
  outerModules,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, ropeFields, ropeParametersOf } from "../shared/rope-json.js";
import { everyLayerBut, layerTypes, windowOf } from "../shared/windows.js";

/** The bound of transformers, which reads none from the config. */
const clampedAt = 7;

const schema = z.object({
  experts_per_token: unread,
  initial_context_length: unread,
  ...sizeFields,
  head_dim: withDefault(size, 64),
  num_local_experts: size,
  num_experts_per_tok: withDefault(size, 4),
  // The experts' nonlinearity is fixed, whatever this says.
  hidden_act: z.enum(["silu", "swish"]).nullish(),
  swiglu_limit: z.literal(clampedAt).nullish(),
  max_position_embeddings: withDefault(size, 131_072),
  rms_norm_eps: withDefault(z.number().positive(), 1e-5),
  attention_bias: withDefault(z.boolean(), true),
  sliding_window: withDefault(size, 128),
  layer_types: layerTypes,
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

const publishedScaling = {
  rope_type: "yarn",
  factor: 32,
  truncate: false,
  original_max_position_embeddings: 4096,
} as const;

type GptOssConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  return {
    ...describeSizes(withScaling(config)),
    layers: repeatLayers(config.num_hidden_layers, (layer) => ({
      inputNorm: norm,
      attention: describeAttention(config, layer),
      postAttentionNorm: norm,
      mlp: describeMlp(config),
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: GptOssConfig, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  const maxPositions = config.max_position_embeddings;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(withScaling(config), { headDim, maxPositions, base: 150_000 }),
    sinks: true,
    ...windowOf(config, layer, everyLayerBut(2)),
  };
}

/** Rotation is scaled as in the published models where the file does not say. */
function withScaling(config: GptOssConfig): GptOssConfig {
  if (ropeParametersOf(config)) return config;
  return { ...config, rope_parameters: publishedScaling };
}

/** `gate · σ(1.702 · gate)` is the quick GELU. */
function describeMlp(config: GptOssConfig): MlpConfig {
  return {
    hidden: config.intermediate_size,
    activation: "geluQuick",
    gated: true,
    bias: true,
    experts: {
      count: config.num_local_experts,
      topK: config.num_experts_per_tok,
      scoring: "softmax",
      normalized: true, // a softmax over the chosen experts
      routerBias: true,
      clampedAt,
    },
  };
}

/** All experts in one tensor, (experts, in, out); `parts` of them take turns along the last axis. */
function stackedExperts(into: readonly string[]): WeightRule {
  return {
    into,
    transform: (tensor) =>
      into.map((path, part) => {
        const own = tensor.index("...", mx.Slice(part, null, into.length));
        return compact(path.endsWith(".weight") ? own.swapaxes(1, 2) : own);
      }),
    storedShape: ([[experts, out, from]]) => {
      const columns = into.length * out;
      return from === undefined ? [experts, columns] : [experts, from, columns];
    },
  };
}

/** The same, stored (experts, out, in) as MXFP4 files have it; `parts` of them take turns along the rows. */
function stackedExpertRows(into: readonly string[]): WeightRule {
  return {
    into,
    transform: (tensor) =>
      into.map((_, part) =>
        compact(tensor.index(mx.Slice(), mx.Slice(part, null, into.length), mx.Slice())),
      ),
    storedShape: ([[experts, out, from]]) => [experts, into.length * out, from],
  };
}

const gateAndUp = ["layers.*.mlp.gateProj", "layers.*.mlp.upProj"];
const experts = "layers.*.mlp.experts";

export const gptOss: Family = {
  modelType: "gpt_oss",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      ...attentionModules,
      "layers.*.mlp.router": "layers.*.mlp.router",
      [`${experts}.gate_up_proj`]: stackedExpertRows(gateAndUp),
      // mlx-lm has them apart.
      [`${experts}.gate_proj`]: "layers.*.mlp.gateProj",
      [`${experts}.up_proj`]: "layers.*.mlp.upProj",
      [`${experts}.down_proj`]: "layers.*.mlp.downProj",
    },
    parameters: {
      "layers.*.self_attn.sinks": "layers.*.selfAttn.sinks",
      [`${experts}.gate_up_proj`]: stackedExperts(gateAndUp.map((path) => `${path}.weight`)),
      [`${experts}.gate_up_proj_bias`]: stackedExperts(gateAndUp.map((path) => `${path}.bias`)),
      [`${experts}.down_proj`]: stackedExperts(["layers.*.mlp.downProj.weight"]),
      [`${experts}.down_proj_bias`]: stackedExperts(["layers.*.mlp.downProj.bias"]),
    },
    ignored: rotaryBuffers,
  },
};
