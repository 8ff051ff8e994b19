/** GPT-J (`model_type: "gptj"`): parallel attention and MLP behind one norm, neighbouring pairs of a part of each head rotated. */
import { likeGptj } from "../shared/gptj-parts.js";

export const gptj = likeGptj("gptj", {
  "h.*.attn.q_proj": "layers.*.selfAttn.qProj",
  "h.*.attn.k_proj": "layers.*.selfAttn.kProj",
  "h.*.attn.v_proj": "layers.*.selfAttn.vProj",
});
