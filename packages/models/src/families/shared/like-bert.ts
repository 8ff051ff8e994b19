/** Encoders as they differ from BERT. */
import { z } from "zod";
import type { BuiltModule } from "../../building/built-module.js";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { Bert } from "../../encoder/bert.js";
import type { BertConfig } from "../../encoder/config.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { HeadConfig } from "../../heads/config.js";
import type { Headable } from "../../heads/headable.js";
import { HeadedEncoder } from "../../heads/headed-body.js";
import { MaskedLanguageModel } from "../../masked-model/masked-language-model.js";
import { activation, readConfig, size, withDefault } from "./config-json.js";
import type { ModuleFamily } from "./family.js";
import { otherNames } from "./other-names.js";

/** The fields of BERT, in its names. */
const bertFields = {
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
};

type BertFields = z.output<z.ZodObject<typeof bertFields>>;

export interface BertDifferences {
  /** Fields in place of BERT's, or that files carry beside them. */
  readonly fields?: z.ZodRawShape;
  /** Names of fields that this family has, by which BERT's are given. */
  readonly called?: Readonly<Record<string, string>>;
  /** What follows from the fields, in place of what BERT has. */
  readonly describe?: (config: BertFields, json: unknown) => Partial<BertConfig>;
  readonly weights: WeightTable;
  /** Where files have the parts of a classifier. */
  readonly classifier: Headable["classifier"];
}

/** An encoder that normalises the residual stream after each part, with the head for masked tokens. */
export function likeBert(modelType: string, differs: BertDifferences): ModuleFamily {
  const schema = z.object({ ...bertFields, ...differs.fields });
  const describe = (json: unknown, file: string): BertConfig => {
    const translated = otherNames(json, differs.called ?? {}, file);
    const config = readConfig(schema, translated, file) as BertFields;
    return { ...plainBert(config, file), ...differs.describe?.(config, json) };
  };
  return {
    modelType,
    kind: "encoder",
    build: (json, file) => build(describe(json, file), differs.weights),
    headable: (json, file) => {
      const config = describe(json, file);
      const create = (head: HeadConfig) => new HeadedEncoder(config, head);
      return { config, create, weights: differs.weights, classifier: differs.classifier };
    },
  };
}

function plainBert(config: BertFields, file: string): BertConfig {
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

function build(config: BertConfig, weights: WeightTable): BuiltModule {
  const module = new Bert(config);
  return {
    module,
    weights,
    open: ({ name, tokenizer, checkpoint, notes }) =>
      new MaskedLanguageModel(module, { config, name, tokenizer, checkpoint, notes }),
  };
}

/** Weight names of BERT's body. */
export const bertModules: WeightTable["modules"] = {
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
};

/** Buffers, and the head of another task. */
export const bertBuffers = [
  /(^|\.)embeddings\.(position_ids|token_type_ids)$/,
  /(^|\.)pooler\.dense\./,
];
