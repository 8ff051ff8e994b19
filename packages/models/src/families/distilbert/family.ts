/** DistilBERT (`model_type: "distilbert"`): BERT's layout with half the layers, without kinds of tokens. */

import { z } from "zod";
import type { ClassifierLayout } from "../../heads/headable.js";
import { unread } from "../shared/config-json.js";
import { likeBert } from "../shared/like-bert.js";

export const distilbert = likeBert("distilbert", {
  classifier: (kind): ClassifierLayout =>
    kind === "token"
      ? { names: { classifier: "head.classifier" } }
      : {
          pooling: "cls",
          transform: { bias: true, activation: "relu" },
          names: { pre_classifier: "head.dense", classifier: "head.classifier" },
        },
  called: {
    dim: "hidden_size",
    hidden_dim: "intermediate_size",
    n_layers: "num_hidden_layers",
    n_heads: "num_attention_heads",
    activation: "hidden_act",
  },
  fields: {
    sinusoidal_pos_embds: unread, // stored as learned positions are
    tie_weights_: z.literal(true).nullish(),
    // Neither can be said.
    layer_norm_eps: z.never().optional(),
    type_vocab_size: z.never().optional(),
  },
  describe: () => ({ tokenTypes: 0, norm: { kind: "layer", epsilon: 1e-12, bias: true } }),
  weights: {
    optionalPrefix: "distilbert.",
    modules: {
      "embeddings.word_embeddings": "embedTokens",
      "embeddings.position_embeddings": "embedPositions",
      "embeddings.LayerNorm": "embedNorm",
      "transformer.layer.*.attention.q_lin": "layers.*.selfAttn.qProj",
      "transformer.layer.*.attention.k_lin": "layers.*.selfAttn.kProj",
      "transformer.layer.*.attention.v_lin": "layers.*.selfAttn.vProj",
      "transformer.layer.*.attention.out_lin": "layers.*.selfAttn.oProj",
      "transformer.layer.*.sa_layer_norm": "layers.*.postAttentionNorm",
      "transformer.layer.*.ffn.lin1": "layers.*.mlp.upProj",
      "transformer.layer.*.ffn.lin2": "layers.*.mlp.downProj",
      "transformer.layer.*.output_layer_norm": "layers.*.outputNorm",
      vocab_transform: "head.dense",
      vocab_layer_norm: "head.norm",
      vocab_projector: "head",
    },
    copies: { "vocab_projector.weight": "embedTokens.weight" },
    ignored: [/(^|\.)embeddings\.position_ids$/],
  },
});
