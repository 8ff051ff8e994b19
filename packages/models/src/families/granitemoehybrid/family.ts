/** Granite 4 (`model_type: "granitemoehybrid"`): Mamba 2 layers, some that attend, with experts or without. */
import { z } from "zod";
import { stackedGateUp, stackedRows } from "../../checkpoint/table/fused-weights.js";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { UnsupportedConfigError } from "../../errors.js";
import { unread, withDefault } from "../shared/config-json.js";
import { graniteExpertModules, stackedParameters } from "../shared/experts.js";
import { graniteParts } from "../shared/granite-parts.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { mamba2Layers, mamba2Names, mamba2Parameters, misfit } from "../shared/mamba2-layers.js";
import { count, onlySilu, part, together, when } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";

const attends = part(
  () => ({
    layer_types: z
      .array(z.enum(["full_attention", "attention", "linear_attention", "mamba"]))
      .nullish(),
  }),
  ({ layer_types: types }, layer) =>
    types?.[layer] === "full_attention" || types?.[layer] === "attention",
);

const expertCount = part(
  () => ({ num_local_experts: withDefault(z.int().nonnegative(), 8) }),
  (config) => config.num_local_experts,
);
/** 0 where there are no experts. */
const expertsPerToken = part(
  () => ({ num_experts_per_tok: withDefault(z.int().nonnegative(), 2) }),
  (config) => config.num_experts_per_tok,
);
const mixer = mamba2Layers(
  {
    rms_norm_eps: withDefault(z.number().positive(), 1e-6),
    residual_multiplier: withDefault(z.number(), 1),
  },
  (config) => ({
    norm: { kind: "rms", epsilon: config.rms_norm_eps, bias: false } as const,
    outputScale: config.residual_multiplier,
  }),
);

const turns = part(
  () => ({ position_embedding_type: z.enum(["rope", "nope"]).nullish() }),
  (config) => config.position_embedding_type === "rope",
);

/** The expert that sees every token is the whole MLP where there are no others. */
function mlpNames({ layers: [{ mlp }] }: DecoderConfig) {
  const { experts, hidden } = mlp;
  if (!experts) {
    return {
      "layers.*.shared_mlp.input_linear": stackedGateUp(hidden),
      "layers.*.shared_mlp.output_linear": "layers.*.mlp.downProj",
    };
  }
  const { sharedHidden: width = 0 } = experts;
  const halves = ["layers.*.mlp.sharedExpert.gateProj", "layers.*.mlp.sharedExpert.upProj"];
  return {
    ...graniteExpertModules,
    "layers.*.block_sparse_moe.router": "layers.*.mlp.router",
    "layers.*.shared_mlp.input_linear": stackedRows(halves, [width, width]),
    "layers.*.shared_mlp.output_linear": "layers.*.mlp.sharedExpert.downProj",
  };
}

export const granitemoehybrid = likeHybridLlama("granitemoehybrid", {
  ...graniteParts,
  fields: () => ({
    mamba_chunk_size: unread,
    init_method: unread,
    normalization_function: z.literal("rmsnorm").nullish(),
  }),
  formerly: { layers_block_type: "layer_types" },
  check: part(mixer.shape, (config) => (file) => {
    const expand = Reflect.get(config, "mamba_expand") as number;
    const broken = misfit(mixer.read(config, 0), expand * config.hidden_size);
    const heads = Reflect.get(config, "mamba_n_heads");
    if (broken) throw new UnsupportedConfigError("mamba_n_heads", heads, file, broken);
  }),
  activation: onlySilu,
  rope: when(turns, rotary()),
  mlpWidth: when(
    expertCount,
    count("intermediate_size", 11_008),
    count("shared_intermediate_size", 1024),
  ),
  experts: when(
    expertCount,
    together({
      count: expertCount,
      topK: expertsPerToken,
      scoring: "softmax" as const,
      normalized: true, // a softmax over the chosen experts
      sharedHidden: count("shared_intermediate_size", 1024),
    }),
  ),
  attends,
  mixer: when(attends, undefined, mixer),
  names: mlpNames,
  mixerNames: mamba2Names,
  parameters: {
    ...mamba2Parameters,
    "layers.*.block_sparse_moe.experts.gate_up_proj":
      stackedParameters["layers.*.mlp.experts.gate_up_proj"],
    "layers.*.block_sparse_moe.experts.down_proj":
      stackedParameters["layers.*.mlp.experts.down_proj"],
  },
});
