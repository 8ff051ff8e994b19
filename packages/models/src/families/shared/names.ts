/** Weight names of a family as they differ from another's. */
import type { WeightRule, WeightTable } from "../../checkpoint/table/weight-table.js";
import type { DecoderConfig } from "../../decoder/config/config.js";

type Names = WeightTable["modules"];

/** A gated MLP, as Llama calls it. */
export const gatedNames: Names = {
  "layers.*.mlp.gate_proj": "layers.*.mlp.gateProj",
  "layers.*.mlp.up_proj": "layers.*.mlp.upProj",
  "layers.*.mlp.down_proj": "layers.*.mlp.downProj",
};

/** Everything of a model in Llama's layout. */
export const llamaNames: Names = {
  embed_tokens: "embedTokens",
  "layers.*.input_layernorm": "layers.*.inputNorm",
  "layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
  "layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
  "layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
  "layers.*.self_attn.o_proj": "layers.*.selfAttn.oProj",
  "layers.*.post_attention_layernorm": "layers.*.postAttentionNorm",
  ...gatedNames,
  norm: "finalNorm",
  lm_head: "lmHead",
};

/** What most files of GPT-2's generation call what they have in common. */
export const gptNames: Names = {
  wte: "embedTokens",
  wpe: "embedPositions",
  "h.*.ln_1": "layers.*.inputNorm",
  "h.*.ln_2": "layers.*.postAttentionNorm",
  "h.*.mlp.c_fc": "layers.*.mlp.upProj",
  "h.*.mlp.c_proj": "layers.*.mlp.downProj",
  ln_f: "finalNorm",
  lm_head: "lmHead",
};

/** The norms of queries and keys, in families that have them. */
export const queryKeyNames: Names = {
  "layers.*.self_attn.q_norm": "layers.*.selfAttn.qNorm",
  "layers.*.self_attn.k_norm": "layers.*.selfAttn.kNorm",
};

/** Frequencies that older files store. */
export const rotaryBuffers = [/(^|\.)rotary_emb\.inv_freq$/];

const targets = (entry: string | WeightRule) => (typeof entry === "string" ? [entry] : entry.into);

/** A family's own names, and the plain ones of all other modules that its models have. */
export function withNames(plain: Names, own: Names, config: DecoderConfig): Names {
  const named = new Set(Object.values(own).flatMap(targets));
  const lacking = modulesLacking(config);
  const kept = Object.entries(plain).filter(
    ([, entry]) => !targets(entry).some((to) => named.has(to) || lacking.has(to)),
  );
  return { ...Object.fromEntries(kept), ...own };
}

/** Modules that plain names are for and a decoder may be without. */
function modulesLacking({ layers, learnedPositions }: DecoderConfig): ReadonlySet<string> {
  const norms = ["inputNorm", "postAttentionNorm"] as const;
  const absent = norms.filter((norm) => layers.every((layer) => !layer[norm]));
  const lacking = absent.map((norm) => `layers.*.${norm}`);
  if (!learnedPositions) lacking.push("embedPositions");
  if (layers.every(({ mlp }) => !mlp.gated)) lacking.push("layers.*.mlp.gateProj");
  return new Set(lacking);
}
