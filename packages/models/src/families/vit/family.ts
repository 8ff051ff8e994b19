/** ViT (`model_type: "vit"`): a picture's patches through a decoder's layers that see everything, with a classifier. */
import { z } from "zod";
import type { WeightRule, WeightTable } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { VisionConfig } from "../../vision/config.js";
import { ImageClassifier } from "../../vision/image-classifier.js";
import { VisionEncoder } from "../../vision/vision-encoder.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { ModuleFamily } from "../shared/family.js";

const sides = z
  .union([size, z.tuple([size, size])])
  .transform((given) => (typeof given === "number" ? ([given, given] as const) : given));

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
  const { hidden_size: hidden, num_attention_heads: heads, patch_size: patches } = config;
  const [height, width] = config.image_size;
  const [patch, across] = patches;
  const wrong = (field: string, value: unknown, rule: string) =>
    new UnsupportedConfigError(field, value, file, rule);
  if (hidden % heads !== 0) {
    throw wrong("num_attention_heads", heads, `It must divide hidden_size = ${hidden}.`);
  }
  if (patch !== across) throw wrong("patch_size", patches, "Patches must be squares.");
  if (height % patch !== 0 || width % patch !== 0) {
    throw wrong("image_size", config.image_size, `It must be a multiple of patch_size = ${patch}.`);
  }
  const { id2label } = config;
  const count = id2label ? Object.keys(id2label).length : 2;
  return {
    ...{ height, width, patch, channels: config.num_channels, hidden, heads },
    layers: config.num_hidden_layers,
    mlp: { hidden: config.intermediate_size, activation: config.hidden_act },
    norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: true },
    qkvBias: config.qkv_bias,
    labels: Array.from({ length: count }, (_, index) => id2label?.[index] ?? `LABEL_${index}`),
  };
}

/** A convolution whose windows do not overlap is a product with each patch. */
const patchProjection = ({ channels, patch }: VisionConfig): WeightRule => ({
  into: ["patchProj"],
  transform: (tensor, kind) => [kind === "weight" ? tensor.reshape([tensor.shape[0], -1]) : tensor],
  storedShape: ([shape], kind) =>
    kind === "weight" ? [shape[0], channels, patch, patch] : [...shape],
});

const weights = (config: VisionConfig): WeightTable => ({
  optionalPrefix: "vit.",
  modules: {
    "embeddings.patch_embeddings.projection": patchProjection(config),
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
