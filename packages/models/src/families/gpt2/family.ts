/** GPT-2 (`model_type: "gpt2"`): LayerNorm, learned positions, fused attention weights stored (in, out). */
import { z } from "zod";
import { conv1d } from "../../checkpoint/table/weight-table.js";
import { always, withDefault } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { gptNames } from "../shared/other-names.js";
import { count, part } from "../shared/part.js";
import { evenShare, fourfold } from "../shared/plain-parts.js";
import { gpt2Gguf } from "./gguf.js";

const scaleFields = {
  scale_attn_weights: withDefault(z.boolean(), true),
  scale_attn_by_inverse_layer_idx: withDefault(z.boolean(), false),
};

export const gpt2 = likeGpt("gpt2", {
  called: gptNames,
  fields: () => ({
    // Only where float32 is used, and scores and softmax are float32 here in any case.
    reorder_and_upcast_attn: withDefault(z.boolean(), false),
    add_cross_attention: always(false),
  }),
  longest: count("max_position_embeddings", 1024),
  mlpWidth: fourfold("n_inner"),
  scale: part(
    () => scaleFields,
    (config, layer) => {
      const plain = config.scale_attn_weights ? evenShare(config) ** -0.5 : 1;
      return config.scale_attn_by_inverse_layer_idx ? plain / (layer + 1) : plain;
    },
  ),
  names: {
    "h.*.attn.c_attn": conv1d(
      "layers.*.selfAttn.qProj",
      "layers.*.selfAttn.kProj",
      "layers.*.selfAttn.vProj",
    ),
    "h.*.attn.c_proj": conv1d("layers.*.selfAttn.oProj"),
    "h.*.mlp.c_fc": conv1d("layers.*.mlp.upProj"),
    "h.*.mlp.c_proj": conv1d("layers.*.mlp.downProj"),
  },
  gguf: gpt2Gguf,
});
