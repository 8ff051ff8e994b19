/**
 * TransformerLens hook names and the sites they mean: the same tensor, and the same effect when it is changed.
 *
 * Axes are in this project's order: its `hook_q` is (batch, position, heads, headDim), here it is (batch, heads, position,
 * headDim). `hook_normalized` lies before a norm's weight and bias, as in TransformerLens 3; its older classes agree where
 * weights are folded, as they are by default. Where a list is given, the first that the model has is meant.
 *
 * Not accepted, since no site here is the same: `hook_mlp_in` of layers whose MLP shares attention's norm, `mlp` hooks of
 * single experts, and the names of encoders.
 */

/** After `blocks.3.`, and after `layers.3.` here. */
export const inLayer = {
  hook_resid_pre: "input",
  hook_attn_in: "attnInput",
  hook_q_input: "qInput",
  hook_k_input: "kInput",
  hook_v_input: "vInput",
  hook_resid_mid: "residMid",
  hook_resid_post: "output",
  hook_attn_out: "selfAttn",
  hook_mlp_in: "postAttentionNorm.input",
  hook_mlp_out: "mlp",
  "ln1.hook_normalized": "inputNorm.normalized",
  "ln1.hook_scale": "inputNorm.scale",
  "ln2.hook_normalized": "postAttentionNorm.normalized",
  "ln2.hook_scale": "postAttentionNorm.scale",
  "ln1_post.hook_normalized": "selfAttn.postNorm.normalized",
  "ln1_post.hook_scale": "selfAttn.postNorm.scale",
  "ln2_post.hook_normalized": "mlp.postNorm.normalized",
  "ln2_post.hook_scale": "mlp.postNorm.scale",
  "attn.hook_q": ["selfAttn.qRaw", "selfAttn.q"],
  "attn.hook_k": ["selfAttn.kRaw", "selfAttn.k"],
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
  "ln_final.hook_normalized": "finalNorm.normalized",
  "ln_final.hook_scale": "finalNorm.scale",
  unembed: "rawLogits",
  "unembed.hook_out": "rawLogits",
  lm_head: "rawLogits",
} as const;
