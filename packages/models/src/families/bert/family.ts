/** BERT (`model_type: "bert"`): bidirectional, post-norm, with the masked-language-model head. */
import type { ClassifierLayout } from "../../heads/headable.js";
import { unread } from "../shared/config-json.js";
import { bertBuffers, bertModules, likeBert } from "../shared/like-bert.js";

export const bert = likeBert("bert", {
  classifier: (kind): ClassifierLayout =>
    kind === "token"
      ? { names: { classifier: "head.classifier" } }
      : {
          pooling: "cls",
          transform: { bias: true, activation: "tanh" },
          names: { "pooler.dense": "head.dense", classifier: "head.classifier" },
        },
  fields: {
    directionality: unread,
    pooler_fc_size: unread,
    pooler_num_attention_heads: unread,
    pooler_num_fc_layers: unread,
    pooler_size_per_head: unread,
    pooler_type: unread,
  },
  weights: {
    optionalPrefix: "bert.",
    modules: {
      ...bertModules,
      "cls.predictions.transform.dense": "head.dense",
      "cls.predictions.transform.LayerNorm": "head.norm",
      "cls.predictions": "head",
    },
    copies: {
      "cls.predictions.decoder.weight": "embedTokens.weight",
      "cls.predictions.decoder.bias": "head.bias",
    },
    ignored: [...bertBuffers, /^cls\.seq_relationship\./], // the head of another task
  },
});
