/** ViT (`model_type: "vit"`): a picture's patches through a decoder's layers that see everything, with a classifier. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { ImageClassifier } from "../../image-classifier/image-classifier.js";
import type { VisionConfig } from "../../vision/config.js";
import { VisionEncoder } from "../../vision/vision-encoder.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { ModuleFamily } from "../shared/family.js";
import { patchProjection, pictureSizes, sides } from "../shared/pictures.js";

const schema = z.object({
  hidden_size: withDefault(size, 768),
  num_hidden_layers: withDefault(size, 12),
  num_attention_heads: withDefault(size, 12),
  intermediate_size: withDefault(size, 3072),
  hidden_act: activation.default("gelu"),
  layer_norm_eps: withDefault(z.number().positive(), 1e-12),
  image_size: sides.default([224, 224]),
  patch_size: sides.default([16, 16]),
  num_channels: withDefault(size, 3),
  qkv_bias: withDefault(z.boolean(), true),
  id2label: z.record(z.string(), z.string()).nullish(),
  ...{ encoder_stride: unread, pooler_act: unread, pooler_output_size: unread },
});

function describe(json: unknown, file: string): VisionConfig {
  const config = readConfig(schema, json, file);
  const { hidden_size: hidden, num_attention_heads: heads } = config;
  const sizes = pictureSizes(config, file);
  const { id2label } = config;
  const count = id2label ? Object.keys(id2label).length : 2;
  return {
    ...{ ...sizes, hidden, heads },
    layers: config.num_hidden_layers,
    mlp: { hidden: config.intermediate_size, activation: config.hidden_act },
    norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: true },
    qkvBias: config.qkv_bias,
    labels: Array.from({ length: count }, (_, index) => id2label?.[index] ?? `LABEL_${index}`),
  };
}

const weights = (config: VisionConfig): WeightTable => ({
  optionalPrefix: "vit.",
  modules: {
    "embeddings.patch_embeddings.projection": patchProjection("patchProj", config),
    ...layerNames("encoder.layer.*", {
      q: "attention.attention.query",
      k: "attention.attention.key",
      v: "attention.attention.value",
      o: "attention.output.dense",
      up: "intermediate.dense",
      down: "output.dense",
    }),
    ...layerNames("layers.*", {
      q: "attention.q_proj",
      k: "attention.k_proj",
      v: "attention.v_proj",
      o: "attention.o_proj",
      up: "mlp.fc1",
      down: "mlp.fc2",
    }),
    layernorm: "finalNorm",
    classifier: "head.classifier",
  },
  parameters: {
    "embeddings.cls_token": "classToken",
    "embeddings.position_embeddings": "positions",
  },
  ignored: [/(^|\.)pooler\.dense\./],
});

/** Published files call the parts of layers so, newer ones otherwise. */
function layerNames(layer: string, names: Record<"q" | "k" | "v" | "o" | "up" | "down", string>) {
  return {
    [`${layer}.layernorm_before`]: "layers.*.inputNorm",
    [`${layer}.${names.q}`]: "layers.*.selfAttn.qProj",
    [`${layer}.${names.k}`]: "layers.*.selfAttn.kProj",
    [`${layer}.${names.v}`]: "layers.*.selfAttn.vProj",
    [`${layer}.${names.o}`]: "layers.*.selfAttn.oProj",
    [`${layer}.layernorm_after`]: "layers.*.postAttentionNorm",
    [`${layer}.${names.up}`]: "layers.*.mlp.upProj",
    [`${layer}.${names.down}`]: "layers.*.mlp.downProj",
  };
}

export const vit: ModuleFamily = {
  modelType: "vit",
  kind: "vision",
  build: (json, file) => {
    const config = describe(json, file);
    const module = new VisionEncoder(config);
    return {
      ...{ module, weights: weights(config) },
      open: ({ name, checkpoint, notes }) =>
        new ImageClassifier(module, { config, name, checkpoint, notes }),
    };
  },
};
