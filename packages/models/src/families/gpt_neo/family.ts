/** GPT-Neo (`model_type: "gpt_neo"`): GPT-2's layout with unscaled scores and a window in every other layer. */
import { z } from "zod";
import { size, withDefault } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { part } from "../shared/part.js";

const layerKind = z.enum(["global", "local"]);

const windowFields = {
  window_size: withDefault(size, 256),
  /** Kinds of layers and how often they follow each other; `attention_layers` is the same, written out. */
  attention_types: z.array(z.tuple([z.array(layerKind), size])).nullish(),
  attention_layers: z.array(layerKind).nullish(),
};

function layerKinds(config: z.output<z.ZodObject<typeof windowFields>>) {
  const { attention_layers: listed, attention_types: types } = config;
  if (listed) return listed;
  const repeated = types ?? [[["global", "local"], 12] as const];
  return repeated.flatMap(([kinds, times]) => Array.from({ length: times }, () => kinds).flat());
}

export const gptNeo = likeGpt("gpt_neo", {
  called: { num_attention_heads: "num_heads", num_hidden_layers: "num_layers" },
  scale: 1,
  qkvBias: false,
  window: part(
    () => windowFields,
    (config, layer) => (layerKinds(config)[layer] === "local" ? config.window_size : undefined),
  ),
  names: {
    "h.*.attn.attention.q_proj": "layers.*.selfAttn.qProj",
    "h.*.attn.attention.k_proj": "layers.*.selfAttn.kProj",
    "h.*.attn.attention.v_proj": "layers.*.selfAttn.vProj",
    "h.*.attn.attention.out_proj": "layers.*.selfAttn.oProj",
  },
  ignored: [/(^|\.)attn\.attention\.(masked_)?bias$/],
});
