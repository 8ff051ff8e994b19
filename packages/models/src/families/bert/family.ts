/** BERT (`model_type: "bert"`): bidirectional, post-norm, with the masked-language-model head. */

import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { Bert } from "../../encoder/bert.js";
import type { BertConfig } from "../../encoder/config.js";
import { MaskedLanguageModel } from "../../encoder/masked-language-model.js";
import { UnsupportedConfigError } from "../../errors.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { BuiltModule, ModuleFamily } from "../shared/family.js";

const schema = z.object({
  directionality: unread,
  pooler_fc_size: unread,
  pooler_num_attention_heads: unread,
  pooler_num_fc_layers: unread,
  pooler_size_per_head: unread,
  pooler_type: unread,
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: activation.default("gelu"),
  max_position_embeddings: withDefault(size, 512),
  type_vocab_size: withDefault(size, 2),
  layer_norm_eps: withDefault(z.number().positive(), 1e-12),
  position_embedding_type: z.literal("absolute").nullish(),
  is_decoder: z.literal(false).nullish(),
  add_cross_attention: z.literal(false).nullish(),
  tie_word_embeddings: z.literal(true).nullish(),
});

function describe(json: unknown, file: string): BertConfig {
  const config = readConfig(schema, json, file);
  const { hidden_size: hidden, num_attention_heads: heads } = config;
  if (hidden % heads !== 0) {
    const rule = `It must divide hidden_size = ${hidden}.`;
    throw new UnsupportedConfigError("num_attention_heads", heads, file, rule);
  }
  return {
    vocab: config.vocab_size,
    hidden,
    maxPositions: config.max_position_embeddings,
    tokenTypes: config.type_vocab_size,
    layers: config.num_hidden_layers,
    heads,
    mlp: { hidden: config.intermediate_size, activation: config.hidden_act },
    norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: true },
    headActivation: config.hidden_act,
  };
}

function build(json: unknown, file: string): BuiltModule {
  const config = describe(json, file);
  const module = new Bert(config);
  return {
    module,
    weights,
    open: ({ name, tokenizer, checkpoint, notes }) =>
      new MaskedLanguageModel(module, { config, name, tokenizer, checkpoint, notes }),
  };
}

const weights: WeightTable = {
  optionalPrefix: "bert.",
  modules: {
    "embeddings.word_embeddings": "embedTokens",
    "embeddings.position_embeddings": "embedPositions",
    "embeddings.token_type_embeddings": "embedTokenTypes",
    "embeddings.LayerNorm": "embedNorm",
    "encoder.layer.*.attention.self.query": "layers.*.selfAttn.qProj",
    "encoder.layer.*.attention.self.key": "layers.*.selfAttn.kProj",
    "encoder.layer.*.attention.self.value": "layers.*.selfAttn.vProj",
    "encoder.layer.*.attention.output.dense": "layers.*.selfAttn.oProj",
    "encoder.layer.*.attention.output.LayerNorm": "layers.*.postAttentionNorm",
    "encoder.layer.*.intermediate.dense": "layers.*.mlp.upProj",
    "encoder.layer.*.output.dense": "layers.*.mlp.downProj",
    "encoder.layer.*.output.LayerNorm": "layers.*.outputNorm",
    "cls.predictions.transform.dense": "head.dense",
    "cls.predictions.transform.LayerNorm": "head.norm",
    "cls.predictions": "head",
  },
  // Buffers, copies of tied weights, and the heads of other tasks.
  ignored: [
    /(^|\.)embeddings\.(position_ids|token_type_ids)$/,
    /^cls\.predictions\.decoder\.(weight|bias)$/,
    /^cls\.seq_relationship\./,
    /(^|\.)pooler\.dense\./,
  ],
};

export const bert: ModuleFamily = { modelType: "bert", build };
