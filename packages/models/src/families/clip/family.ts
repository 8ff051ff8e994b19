/** CLIP (`model_type: "clip"`): an encoder of texts and one of pictures, compared by the cosine of what they say. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { ImageTextConfig, TowerConfig } from "../../image-text/config.js";
import { ImageText } from "../../image-text/image-text.js";
import { ImageTextModel } from "../../image-text-model/image-text-model.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { ModuleFamily } from "../shared/family.js";
import { patchProjection, pictureSizes, sides } from "../shared/pictures.js";

const layerFields = {
  hidden_act: activation.default("geluQuick"),
  layer_norm_eps: withDefault(z.number().positive(), 1e-5),
  projection_dim: unread, // the outer one counts
  tie_word_embeddings: unread, // there is no head
};

const textSchema = z.object({
  ...layerFields,
  vocab_size: withDefault(size, 49_408),
  hidden_size: withDefault(size, 512),
  intermediate_size: withDefault(size, 2048),
  num_hidden_layers: withDefault(size, 12),
  num_attention_heads: withDefault(size, 8),
  max_position_embeddings: withDefault(size, 77),
  eos_token_id: withDefault(z.int().nonnegative(), 49_407),
});

const visionSchema = z.object({
  ...layerFields,
  hidden_size: withDefault(size, 768),
  intermediate_size: withDefault(size, 3072),
  num_hidden_layers: withDefault(size, 12),
  num_attention_heads: withDefault(size, 12),
  num_channels: withDefault(size, 3),
  image_size: sides.default([224, 224]),
  patch_size: sides.default([32, 32]),
});

const part = z.record(z.string(), z.unknown()).nullish();

const schema = z.object({
  projection_dim: withDefault(size, 512),
  text_config: part,
  vision_config: part,
  // Older files have both twice; these count, with defaults for what they leave out.
  text_config_dict: part,
  vision_config_dict: part,
  logit_scale_init_value: unread,
});

function describe(json: unknown, file: string): ImageTextConfig {
  const config = readConfig(schema, json, file);
  const text = readConfig(
    textSchema,
    config.text_config_dict ?? config.text_config ?? {},
    `${file}: text_config`,
  );
  const inVision = `${file}: vision_config`;
  const vision = readConfig(
    visionSchema,
    config.vision_config_dict ?? config.vision_config ?? {},
    inVision,
  );
  const { hidden_size: hidden, num_attention_heads: heads, eos_token_id: endToken } = text;
  if (hidden % heads !== 0) {
    const rule = `It must divide hidden_size = ${hidden}.`;
    throw new UnsupportedConfigError("num_attention_heads", heads, `${file}: text_config`, rule);
  }
  return {
    width: config.projection_dim,
    text: {
      ...towerOf(text),
      ...{ vocab: text.vocab_size, maxPositions: text.max_position_embeddings },
      ...(endToken !== wrongEnd && { endToken }),
    },
    vision: { ...towerOf(vision), ...pictureSizes(vision, inVision) },
  };
}

/** The first files name a token that ends no text; of those `transformers` reads the highest number of each. */
const wrongEnd = 2;

const towerOf = (
  config: z.output<typeof textSchema> | z.output<typeof visionSchema>,
): TowerConfig => ({
  hidden: config.hidden_size,
  layers: config.num_hidden_layers,
  heads: config.num_attention_heads,
  mlp: { hidden: config.intermediate_size, activation: config.hidden_act },
  norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: true },
});

const layers = (file: string, module: string): WeightTable["modules"] => ({
  [`${file}.layer_norm1`]: `${module}.inputNorm`,
  [`${file}.self_attn.q_proj`]: `${module}.selfAttn.qProj`,
  [`${file}.self_attn.k_proj`]: `${module}.selfAttn.kProj`,
  [`${file}.self_attn.v_proj`]: `${module}.selfAttn.vProj`,
  [`${file}.self_attn.out_proj`]: `${module}.selfAttn.oProj`,
  [`${file}.layer_norm2`]: `${module}.postAttentionNorm`,
  [`${file}.mlp.fc1`]: `${module}.mlp.upProj`,
  [`${file}.mlp.fc2`]: `${module}.mlp.downProj`,
});

const weights = ({ vision }: ImageTextConfig): WeightTable => ({
  optionalPrefix: "",
  modules: {
    "text_model.embeddings.token_embedding": "text.embedTokens",
    "text_model.embeddings.position_embedding": "text.embedPositions",
    ...layers("text_model.encoder.layers.*", "text.layers.*"),
    "text_model.final_layer_norm": "text.finalNorm",
    text_projection: "text.projection",
    "vision_model.embeddings.patch_embedding": patchProjection("vision.patchProj", vision),
    "vision_model.embeddings.position_embedding": "vision.embedPositions",
    "vision_model.pre_layrnorm": "vision.embedNorm",
    ...layers("vision_model.encoder.layers.*", "vision.layers.*"),
    "vision_model.post_layernorm": "vision.finalNorm",
    visual_projection: "vision.projection",
  },
  parameters: {
    "vision_model.embeddings.class_embedding": "vision.classToken",
    logit_scale: "logitScale",
  },
  ignored: [/\.embeddings\.position_ids$/],
});

export const clip: ModuleFamily = {
  modelType: "clip",
  kind: "vision",
  build: (json, file) => {
    const config = describe(json, file);
    const module = new ImageText(config);
    return {
      ...{ module, weights: weights(config) },
      open: ({ name, tokenizer, checkpoint, notes }) =>
        new ImageTextModel(module, { config, name, tokenizer, checkpoint, notes }),
    };
  },
};
