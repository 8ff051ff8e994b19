/** T5 (`model_type: "t5"`): an encoder and a decoder, biases by distance in place of positions, scores that are not scaled. */
import { z } from "zod";
import type { TensorEntry } from "../../checkpoint/files/safetensors-header.js";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import type { EncoderDecoderConfig } from "../../encoder-decoder/config.js";
import { EncoderDecoder } from "../../encoder-decoder/encoder-decoder.js";
import { EncoderDecoderModel } from "../../encoder-decoder-model/encoder-decoder-model.js";
import { UnsupportedConfigError } from "../../errors.js";
import {
  activation,
  always,
  readConfig,
  size,
  unread,
  withDefault,
} from "../shared/config-json.js";
import type { ModuleFamily } from "../shared/family.js";

/** `relu` or `gated-gelu`, whose nonlinearity is the tanh form whatever its name says. */
const feedForward = z.string().transform((text, context) => {
  const gated = text.startsWith("gated-");
  const named = gated ? text.slice("gated-".length) : text;
  const parsed = activation.safeParse(text === "gated-gelu" ? "gelu_new" : named);
  if (parsed.success) return { gated, activation: parsed.data };
  context.addIssue({ code: "custom", message: "no nonlinearity that is known" });
  return z.NEVER;
});

const schema = z.object({
  vocab_size: withDefault(size, 32_128),
  d_model: withDefault(size, 512),
  d_kv: withDefault(size, 64),
  d_ff: withDefault(size, 2048),
  num_layers: withDefault(size, 6),
  num_decoder_layers: size.nullish(),
  num_heads: withDefault(size, 8),
  relative_attention_num_buckets: withDefault(z.int().min(4), 32),
  relative_attention_max_distance: withDefault(size, 128),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-6),
  feed_forward_proj: feedForward.default({ gated: false, activation: "relu" }),
  decoder_start_token_id: z.int().nonnegative().nullish(),
  pad_token_id: z.int().nonnegative().nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
  scale_decoder_outputs: z.boolean().nullish(),
  is_encoder_decoder: always(true),
  is_decoder: always(false),
  // What follows from feed_forward_proj, and of other programs.
  ...{
    dense_act_fn: unread,
    is_gated_act: unread,
    classifier_dropout: unread,
    n_positions: unread,
  },
});

function describe(
  json: unknown,
  file: string,
  tensors: readonly TensorEntry[],
): EncoderDecoderConfig {
  const config = readConfig(schema, json, file);
  const { num_layers: layers, feed_forward_proj: mlp, tie_word_embeddings: tied } = config;
  const [buckets, farthest] = [
    config.relative_attention_num_buckets,
    config.relative_attention_max_distance,
  ];
  if (farthest <= buckets >> 1) {
    const rule = `It must be more than half of relative_attention_num_buckets = ${buckets}.`;
    throw new UnsupportedConfigError("relative_attention_max_distance", farthest, file, rule);
  }
  const scaled = config.scale_decoder_outputs ?? tied;
  // As in transformers: what the file says of tying is about the scale, and a head that is stored is used.
  const own = tensors.some(({ name }) => name === "lm_head.weight");
  return {
    ...{ vocab: config.vocab_size, hidden: config.d_model },
    ...{ encoderLayers: layers, decoderLayers: config.num_decoder_layers ?? layers },
    ...{ heads: config.num_heads, headDim: config.d_kv },
    mlp: { hidden: config.d_ff, ...mlp },
    norm: { kind: "rms", epsilon: config.layer_norm_epsilon, bias: false },
    distances: { buckets, farthest },
    head: { tied: !own, ...(scaled && { inputScale: config.d_model ** -0.5 }) },
    startToken: config.decoder_start_token_id ?? config.pad_token_id ?? 0,
  };
}

const attention = (file: string, module: string) => ({
  [`${file}.q`]: `${module}.qProj`,
  [`${file}.k`]: `${module}.kProj`,
  [`${file}.v`]: `${module}.vProj`,
  [`${file}.o`]: `${module}.oProj`,
});

/** @param place of the MLP among the parts of a layer */
const stack = (
  name: "encoder" | "decoder",
  place: number,
  gated: boolean,
): WeightTable["modules"] => ({
  ...attention(`${name}.block.*.layer.0.SelfAttention`, `${name}.layers.*.selfAttn`),
  [`${name}.block.*.layer.0.SelfAttention.relative_attention_bias`]: `${name}.distanceBias.table`,
  [`${name}.block.*.layer.0.layer_norm`]: `${name}.layers.*.inputNorm`,
  [`${name}.block.*.layer.${place}.layer_norm`]: `${name}.layers.*.postAttentionNorm`,
  ...(gated
    ? {
        [`${name}.block.*.layer.${place}.DenseReluDense.wi_0`]: `${name}.layers.*.mlp.gateProj`,
        [`${name}.block.*.layer.${place}.DenseReluDense.wi_1`]: `${name}.layers.*.mlp.upProj`,
      }
    : { [`${name}.block.*.layer.${place}.DenseReluDense.wi`]: `${name}.layers.*.mlp.upProj` }),
  [`${name}.block.*.layer.${place}.DenseReluDense.wo`]: `${name}.layers.*.mlp.downProj`,
  [`${name}.final_layer_norm`]: `${name}.finalNorm`,
});

const weights = ({ mlp: { gated }, head }: EncoderDecoderConfig): WeightTable => ({
  optionalPrefix: "",
  modules: {
    shared: "embedTokens",
    ...stack("encoder", 1, gated),
    ...stack("decoder", 2, gated),
    ...attention("decoder.block.*.layer.1.EncDecAttention", "decoder.layers.*.crossAttention"),
    "decoder.block.*.layer.1.layer_norm": "decoder.layers.*.crossAttentionNorm",
    ...(!head.tied && { lm_head: "lmHead" }),
  },
  copies: {
    "encoder.embed_tokens.weight": "embedTokens.weight",
    "decoder.embed_tokens.weight": "embedTokens.weight",
  },
  ignored: [/EncDecAttention\.relative_attention_bias\.weight$/], // the first files have it, and nobody reads it
});

export const t5: ModuleFamily = {
  modelType: "t5",
  kind: "encoder-decoder",
  build: (json, file, tensors = []) => {
    const config = describe(json, file, tensors);
    const module = new EncoderDecoder(config);
    return {
      ...{ module, weights: weights(config) },
      open: (parts) => new EncoderDecoderModel(module, { config, ...parts }),
    };
  },
};
