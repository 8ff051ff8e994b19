/** Encoders in the layout of a decoder, whose tokens also see what comes after them. */

import type { DecoderConfig } from "../../decoder/config/config.js";
import { TwoSidedEncoder, type TwoSidedHeadConfig } from "../../encoder/two-sided-encoder.js";
import type { HeadConfig } from "../../heads/config.js";
import type { ClassifierLayout } from "../../heads/headable.js";
import { HeadedDecoder } from "../../heads/headed-body.js";
import { MaskedLanguageModel } from "../../masked-model/masked-language-model.js";
import { type Family, type ModuleFamily, weightsOf } from "./family.js";

/** What stands on the layers, read from the same config.json once the layers' fields are. */
export interface TwoSidedHeads {
  masked(json: unknown, config: DecoderConfig): TwoSidedHeadConfig;
  classifier(kind: "sequence" | "token", json: unknown, config: DecoderConfig): ClassifierLayout;
}

/** @param layers the family as a decoder would have it */
export function twoSided(layers: Family, heads: TwoSidedHeads): ModuleFamily {
  const describe = (json: unknown, file: string): DecoderConfig => ({
    ...{ ...layers.describe(json, file), bothWays: true },
  });
  return {
    modelType: layers.modelType,
    kind: "encoder",
    build: (json, file) => {
      const config = describe(json, file);
      const module = new TwoSidedEncoder(config, heads.masked(json, config));
      return {
        ...{ module, weights: weightsOf(layers, config) },
        open: ({ name, tokenizer, checkpoint, notes }) =>
          new MaskedLanguageModel(module, { config, name, tokenizer, checkpoint, notes }),
      };
    },
    headable: (json, file) => {
      const config = describe(json, file);
      return {
        ...{ config, weights: weightsOf(layers, config) },
        create: (head: HeadConfig) => new HeadedDecoder(config, head),
        classifier: (kind) => heads.classifier(kind, json, config),
      };
    },
  };
}
