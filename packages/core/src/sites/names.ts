/** Other people's names for sites, in ours: TransformerLens hooks and snake_case checkpoint paths. */

const inLayer: Readonly<Record<string, string>> = {
  hook_resid_pre: "input",
  hook_resid_mid: "residMid",
  hook_resid_post: "output",
  hook_attn_out: "selfAttn",
  hook_mlp_out: "mlp",
  "ln1.hook_normalized": "inputNorm",
  "ln1.hook_scale": "inputNorm.scale",
  "ln2.hook_normalized": "postAttentionNorm",
  "ln2.hook_scale": "postAttentionNorm.scale",
  "attn.hook_q": "selfAttn.q",
  "attn.hook_k": "selfAttn.k",
  "attn.hook_v": "selfAttn.v",
  "attn.hook_rot_q": "selfAttn.qRot",
  "attn.hook_rot_k": "selfAttn.kRot",
  "attn.hook_attn_scores": "selfAttn.scores",
  "attn.hook_pattern": "selfAttn.pattern",
  "attn.hook_z": "selfAttn.z",
  "attn.hook_result": "selfAttn.result",
  "mlp.hook_pre": "mlp.pre",
  "mlp.hook_pre_linear": "mlp.gate",
  "mlp.hook_post": "mlp.post",
};

const outside: Readonly<Record<string, string>> = {
  hook_embed: "embedTokens",
  hook_pos_embed: "embedPositions",
  "ln_final.hook_normalized": "finalNorm",
  "ln_final.hook_scale": "finalNorm.scale",
};

/** A TransformerLens hook name in this project's words; undefined when it is none. Selectors pass through the layer part. */
function fromTransformerLens(name: string): string | undefined {
  const [, hook, call = ""] = /^(.*?)(#\d+)?$/s.exec(name) ?? [name, name];
  if (Object.hasOwn(outside, hook)) return outside[hook] + call;
  const [, layer, inside] = /^blocks\.(\{[^}]*\}|[^.]+)\.(.+)$/.exec(hook) ?? [];
  if (inside === undefined || !Object.hasOwn(inLayer, inside)) return undefined;
  return `layers.${layer}.${inLayer[inside]}${call}`;
}

/** `self_attn.q_proj` → `selfAttn.qProj`, and without the wrapper's leading `model.`. */
function fromSnakeCase(name: string): string {
  return name
    .replace(/^(model\.)+/, "")
    .replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A name as this project would write it. */
export function ourSpelling(name: string): string {
  return fromTransformerLens(name) ?? fromSnakeCase(name);
}

/** Every spelling under which a name may be known, the given one first. */
export function spellings(name: string): string[] {
  return [...new Set([name, fromTransformerLens(name) ?? name, fromSnakeCase(name)])];
}
