/** ModernBERT (`model_type: "modernbert"`): a decoder's layers that see both ways, windows in two of three, no first norm. */
import { z } from "zod";
import { stackedGateUp, stackedQkv } from "../../checkpoint/table/fused-weights.js";
import { activation, always, size, unread, withDefault } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { computed, count, flag, nonlinearity, part } from "../shared/part.js";
import { parametersByKind, ropeOfKind, scalingOfFull } from "../shared/rope-by-kind.js";
import { twoSided } from "../shared/two-sided.js";
import { layerTypes } from "../shared/windows.js";

const every = withDefault(size, 3);

const kindFields = { layer_types: layerTypes, global_attn_every_n_layers: every };

type Kinds = z.output<z.ZodObject<typeof kindFields>>;

/** The first layer and every third after it see the whole text. */
const isLocal = (
  { layer_types: types, global_attn_every_n_layers: period }: Kinds,
  layer: number,
) => (types ? types[layer] === "sliding_attention" : layer % period !== 0);

const rotationFields = {
  ...kindFields,
  global_rope_theta: withDefault(z.number().positive(), 160_000),
  local_rope_theta: withDefault(z.number().positive(), 10_000),
  rope_scaling: scalingOfFull,
  rope_parameters: parametersByKind,
};

const norm = part(
  () => ({
    norm_eps: withDefault(z.number().positive(), 1e-5),
    norm_bias: withDefault(z.boolean(), false),
  }),
  ({ norm_eps: epsilon, norm_bias: bias }) => ({ kind: "layer" as const, epsilon, bias }),
);

const layers = likeLlama("modernbert", {
  fields: () => ({
    classifier_activation: activation.default("gelu"),
    classifier_bias: withDefault(z.boolean(), false),
    classifier_pooling: z.enum(["cls", "mean"]).default("cls"),
    decoder_bias: withDefault(z.boolean(), true),
    ...{ deterministic_flash_attn: unread, initializer_cutoff_factor: unread, compile: unread },
    ...{ reference_compile: unread, repad_logits_with_grad: unread, sparse_prediction: unread },
    ...{
      sparse_pred_ignore_index: unread,
      embedding_size: unread,
      tie_word_embeddings: always(true),
    },
    ...{
      position_embedding_type: unread,
      layer_norm_eps: unread,
      num_key_value_heads: z.never().optional(),
    },
  }),
  longest: count("max_position_embeddings", 8192),
  maxPositions: count("max_position_embeddings", 8192),
  embeddingNorm: true,
  tied: true,
  norm,
  block: computed((_, layer) => ({ inputNorm: layer > 0, postAttentionNorm: true })),
  kvHeads: computed(({ num_attention_heads: heads }) => heads),
  headDim: computed(({ hidden_size: hidden, num_attention_heads: heads }) => hidden / heads),
  attentionBias: flag("attention_bias", false),
  rope: part(
    () => rotationFields,
    (config, layer) => {
      const local = isLocal(config, layer);
      const base = local ? config.local_rope_theta : config.global_rope_theta;
      return { fields: ropeOfKind(config, local, base) };
    },
  ),
  window: part(
    () => ({ ...kindFields, local_attention: withDefault(size, 128) }),
    (config, layer) =>
      isLocal(config, layer) ? Math.floor(config.local_attention / 2) + 1 : undefined,
  ),
  activation: nonlinearity("hidden_activation", "gelu"),
  mlpBias: flag("mlp_bias", false),
  names: ({ layers: [{ attention, mlp }] }) => ({
    "embeddings.tok_embeddings": "embedTokens",
    "embeddings.norm": "embedNorm",
    "layers.*.attn_norm": "layers.*.inputNorm",
    "layers.*.attn.Wqkv": stackedQkv(attention),
    "layers.*.attn.Wo": "layers.*.selfAttn.oProj",
    "layers.*.mlp_norm": "layers.*.postAttentionNorm",
    "layers.*.mlp.Wi": stackedGateUp(mlp.hidden),
    "layers.*.mlp.Wo": "layers.*.mlp.downProj",
    final_norm: "finalNorm",
    "head.dense": "head.dense",
    "head.norm": "head.norm",
    decoder: "head",
  }),
  copies: { "decoder.weight": "embedTokens.weight" },
});

const headFields = z.object({
  classifier_activation: activation.default("gelu"),
  classifier_bias: withDefault(z.boolean(), false),
  classifier_pooling: z.enum(["cls", "mean"]).default("cls"),
  decoder_bias: withDefault(z.boolean(), true),
});

export const modernbert = twoSided(layers, {
  masked: (json, { finalNorm }) => {
    const { classifier_activation, classifier_bias, decoder_bias } = headFields.parse(json);
    const biases = { denseBias: classifier_bias, bias: decoder_bias };
    return { norm: finalNorm!, headActivation: classifier_activation, ...biases };
  },
  classifier: (_, json, { finalNorm }) => {
    const { classifier_activation, classifier_bias, classifier_pooling } = headFields.parse(json);
    return {
      pooling: classifier_pooling,
      transform: { bias: classifier_bias, activation: classifier_activation, norm: finalNorm },
      names: {
        "head.dense": "head.dense",
        "head.norm": "head.norm",
        classifier: "head.classifier",
      },
    };
  },
});
