/** What GPT-J and CodeGen share. */
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { always, size } from "./config-json.js";
import type { Family } from "./family.js";
import { likeGpt } from "./like-llama.js";
import { oneNormForBoth } from "./norms.js";
import { gptNames } from "./other-names.js";
import { flag, part } from "./part.js";
import { fourfold } from "./plain-parts.js";

/** @param projections the names of queries, keys and values */
export const likeGptj = (modelType: string, projections: WeightTable["modules"]): Family =>
  likeGpt(modelType, {
    called: gptNames,
    fields: () => ({ rotary: always(true), scale_attn_weights: always(true) }),
    learnedPositions: false,
    block: oneNormForBoth,
    attentionBias: false,
    rope: part(
      () => ({ rotary_dim: size.default(64) }),
      ({ rotary_dim: headDim }) => ({
        ...{ fields: {}, headDim, interleaved: true },
      }),
    ),
    mlpWidth: fourfold("n_inner"),
    headBias: true,
    tied: flag("tie_word_embeddings", false),
    names: {
      ...projections,
      "h.*.attn.out_proj": "layers.*.selfAttn.oProj",
      "h.*.mlp.fc_in": "layers.*.mlp.upProj",
      "h.*.mlp.fc_out": "layers.*.mlp.downProj",
    },
    ignored: [
      /(^|\.)attn\.(masked_)?bias$/,
      /(^|\.)attn\.causal_mask$/,
      /(^|\.)attn\.embed_positions$/,
    ],
  });
