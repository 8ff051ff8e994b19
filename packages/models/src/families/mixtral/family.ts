/** Mixtral (`model_type: "mixtral"`): Mistral's layout with experts, whose weights are renormalised. */
import { z } from "zod";
import type {
  AttentionConfig,
  DecoderConfig,
  MlpConfig,
  NormConfig,
} from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import { blockSparseModules, stackedParameters } from "../shared/experts.js";
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
import { describeRope, ropeFields } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  num_local_experts: withDefault(size, 8),
  num_experts_per_tok: withDefault(size, 2),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 131_072),
  rms_norm_eps: withDefault(z.number().positive(), 1e-5),
  sliding_window: size.nullish(),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type MixtralConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp: describeMlp(config),
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: MixtralConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { max_position_embeddings: maxPositions, sliding_window: window } = config;
  return {
    ...heads,
    scale: heads.headDim ** -0.5,
    qkvBias: false,
    outputBias: false,
    rope: describeRope(config, { headDim: heads.headDim, maxPositions, base: 1e6 }),
    ...(window && { window }),
  };
}

function describeMlp(config: MixtralConfig): MlpConfig {
  return {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
    experts: {
      count: config.num_local_experts,
      topK: config.num_experts_per_tok,
      scoring: "softmax",
      normalized: true,
    },
  };
}

export const mixtral: Family = {
  modelType: "mixtral",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      ...attentionModules,
      ...blockSparseModules,
      "layers.*.mlp.gate": "layers.*.mlp.router", // beside experts that lie in two tensors
    },
    parameters: stackedParameters,
    ignored: rotaryBuffers,
  },
};
