/** GPT-J (`model_type: "gptj"`): parallel attention and MLP behind one norm, neighbouring pairs of a part of each head rotated. */
import { always, size } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { oneNormForBoth } from "../shared/norms.js";
import { gptNames } from "../shared/other-names.js";
import { flag, part } from "../shared/part.js";
import { fourfold } from "../shared/plain-parts.js";

export const gptj = likeGpt("gptj", {
  called: gptNames,
  fields: { rotary: always(true), scale_attn_weights: always(true) },
  learnedPositions: false,
  block: oneNormForBoth,
  attentionBias: false,
  rope: part({ rotary_dim: size.default(64) }, ({ rotary_dim: headDim }) => ({
    ...{ fields: {}, headDim, interleaved: true },
  })),
  mlpWidth: fourfold("n_inner"),
  headBias: true,
  tied: flag("tie_word_embeddings", false),
  names: {
    "h.*.attn.q_proj": "layers.*.selfAttn.qProj",
    "h.*.attn.k_proj": "layers.*.selfAttn.kProj",
    "h.*.attn.v_proj": "layers.*.selfAttn.vProj",
    "h.*.attn.out_proj": "layers.*.selfAttn.oProj",
    "h.*.mlp.fc_in": "layers.*.mlp.upProj",
    "h.*.mlp.fc_out": "layers.*.mlp.downProj",
  },
  ignored: [/(^|\.)attn\.(masked_)?bias$/, /(^|\.)attn\.embed_positions$/],
});
