/** RoBERTa and what is published in its layout under other names. */
import { z } from "zod";
import type { ClassifierLayout } from "../../heads/headable.js";
import { withDefault } from "./config-json.js";
import type { ModuleFamily } from "./family.js";
import { bertBuffers, bertModules, likeBert } from "./like-bert.js";

const fields = { pad_token_id: withDefault(z.int().nonnegative(), 1) };

export const likeRoberta = (modelType: string): ModuleFamily =>
  likeBert(modelType, {
    classifier: (kind): ClassifierLayout =>
      kind === "token"
        ? { names: { classifier: "head.classifier" } }
        : {
            pooling: "cls",
            transform: { bias: true, activation: "tanh" },
            names: { "classifier.dense": "head.dense", "classifier.out_proj": "head.classifier" },
          },
    fields,
    describe: ({ max_position_embeddings: rows, ...config }) => {
      const { pad_token_id: padToken } = config as unknown as z.output<z.ZodObject<typeof fields>>;
      return { padToken, maxPositions: rows - padToken - 1, headActivation: "gelu" };
    },
    weights: {
      optionalPrefix: "roberta.",
      modules: {
        ...bertModules,
        "lm_head.dense": "head.dense",
        "lm_head.layer_norm": "head.norm",
        lm_head: "head",
      },
      copies: {
        "lm_head.decoder.weight": "embedTokens.weight",
        "lm_head.decoder.bias": "head.bias",
      },
      ignored: bertBuffers,
    },
  });
