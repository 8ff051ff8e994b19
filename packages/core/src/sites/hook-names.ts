/**
 * TransformerLens hook names and the sites they mean.
 *
 * Its `hook_normalized` lies before a norm's weight and bias, ours behind them. It folds these into the next matrices
 * when it loads a model, and so does `model.folded()`: the two are equal there, and differ by weight and bias in a model
 * as published. Post-norms cannot be folded, so only their scales have a counterpart here.
 */

/** After `blocks.3.`, and after `layers.3.` here. */
export const inLayer = {
  hook_resid_pre: "input",
  hook_resid_mid: "residMid",
  hook_resid_post: "output",
  hook_attn_out: "selfAttn",
  hook_mlp_out: "mlp",
  "ln1.hook_normalized": "inputNorm",
  "ln1.hook_scale": "inputNorm.scale",
  "ln2.hook_normalized": "postAttentionNorm",
  "ln2.hook_scale": "postAttentionNorm.scale",
  "ln1_post.hook_scale": "selfAttn.postNorm.scale",
  "ln2_post.hook_scale": "mlp.postNorm.scale",
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
} as const;

/** Outside the layers. */
export const outside = {
  hook_embed: "embedTokens",
  hook_pos_embed: "embedPositions",
  "ln_final.hook_normalized": "finalNorm",
  "ln_final.hook_scale": "finalNorm.scale",
} as const;
