/** OPT and Galactica (`model_type: "opt"`): learned positions from row 2 on; the 350M model has norms after its parts. */
import { always, size } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { normedReads } from "../shared/norms.js";
import { field, flag, nonlinearity, part, when } from "../shared/part.js";

const normsFirst = flag("do_layer_norm_before", true);
const norm = { kind: "layer", epsilon: 1e-5, bias: true } as const;

export const opt = likeGpt("opt", {
  fields: () => ({ learned_embeddings: always(true), scale_embeddings: always(false) }),
  positionOffset: 2,
  embeddingWidth: part(
    () => ({ word_embed_proj_dim: size.nullish() }),
    (config) => {
      const { word_embed_proj_dim: width, hidden_size: hidden } = config;
      return width && width !== hidden ? width : undefined;
    },
  ),
  norm: when(flag("layer_norm_elementwise_affine", true), norm, {
    ...norm,
    bias: false,
    weight: false,
  }),
  block: when(normsFirst, normedReads, { postAttentionNorm: true, outputNorm: true }),
  finalNorm: when(normsFirst, when(flag("_remove_final_layer_norm", false), false, true), false),
  attentionBias: flag("enable_bias", true),
  mlpWidth: field("ffn_dim", () => size.default(3072)),
  mlpBias: flag("enable_bias", true),
  activation: nonlinearity("activation_function", "relu"),
  prefix: "model.",
  names: ({ layers: [{ outputNorm: after }] }) => ({
    "decoder.embed_tokens": "embedTokens",
    "decoder.embed_positions": "embedPositions",
    "decoder.project_in": "embedTokens.projection",
    "decoder.layers.*.self_attn_layer_norm": `layers.*.${after ? "postAttentionNorm" : "inputNorm"}`,
    "decoder.layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
    "decoder.layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
    "decoder.layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
    "decoder.layers.*.self_attn.out_proj": "layers.*.selfAttn.oProj",
    "decoder.layers.*.final_layer_norm": `layers.*.${after ? "outputNorm" : "postAttentionNorm"}`,
    "decoder.layers.*.fc1": "layers.*.mlp.upProj",
    "decoder.layers.*.fc2": "layers.*.mlp.downProj",
    "decoder.final_layer_norm": "finalNorm",
    "decoder.project_out": "unembedProjection",
  }),
  ignored: [],
});
