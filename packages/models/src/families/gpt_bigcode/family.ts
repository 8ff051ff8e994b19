/** GPT-BigCode and StarCoder (`model_type: "gpt_bigcode"`): GPT-2's layout with multi-query attention. */
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import { always, size, unread } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { gptNames, refuseContradiction } from "../shared/other-names.js";
import { computed, count, flag, part, when } from "../shared/part.js";
import { fourfold } from "../shared/plain-parts.js";

const kvHeads = when(
  flag("multi_query", true),
  1,
  computed((config) => config.num_attention_heads),
);

export const gptBigcode = likeGpt("gpt_bigcode", {
  called: gptNames,
  fields: () => ({
    inference_runner: unread,
    validate_runner_input: unread,
    pre_allocate_kv_cache: unread,
    max_batch_size: unread,
    add_cross_attention: always(false),
  }),
  check: part(
    () => ({ num_key_value_heads: size.nullish() }),
    (config) => (file) => {
      const expected = kvHeads.read(config, 0);
      const { num_key_value_heads: written } = config;
      refuseContradiction("num_key_value_heads", written, "that of multi_query", expected, file);
    },
  ),
  longest: count("max_position_embeddings", 1024),
  kvHeads,
  scale: when(flag("scale_attn_weights", true), undefined, 1),
  mlpWidth: fourfold("n_inner"),
  names: ({ layers: [{ attention }] }) => ({
    "h.*.attn.c_attn": groupedQkv(attention),
    "h.*.attn.c_proj": "layers.*.selfAttn.oProj",
  }),
});
