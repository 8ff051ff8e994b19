/** Qwen 3 Next (`model_type: "qwen3_next"`): gated delta layers, each fourth layer gated attention, and many small experts. */

import { z } from "zod";
import { size, withDefault } from "../shared/config-json.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import {
  attendingLayers,
  fittingGroups,
  gatedDelta,
  gatedDeltaNames,
  gatedDeltaParameters,
  gatedQueries,
  groupedDeltaNames,
} from "../shared/gated-delta.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { gatedNames, rotaryBuffers } from "../shared/names.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag, onlySilu, part, together, when } from "../shared/part.js";
import { partlyRotary } from "../shared/rope-parts.js";
import { sparseLayers } from "../shared/sparse-layers.js";

const expertCount = part(
  () => ({
    num_experts: withDefault(z.int().nonnegative(), 512),
    num_local_experts: size.nullish(),
  }),
  (config) => config.num_local_experts ?? config.num_experts,
);
const sparse = part(
  () => ({ ...sparseLayers.shape(), ...expertCount.shape() }),
  (config, layer) => expertCount.read(config, layer) > 0 && sparseLayers.read(config, layer),
);

export const qwen3Next = likeHybridLlama("qwen3_next", {
  longest: count("max_position_embeddings", 32_768),
  norm: rmsNorm(1e-6, { unitOffset: true }),
  rope: partlyRotary({ share: 0.25 }),
  headDim: count("head_dim", 256),
  queryKeyNorm: "head",
  outputGate: true,
  activation: onlySilu,
  check: fittingGroups,
  mlpWidth: when(sparse, count("moe_intermediate_size", 512), count("intermediate_size", 5632)),
  experts: when(
    sparse,
    together({
      count: expertCount,
      topK: count("num_experts_per_tok", 10),
      scoring: "softmax" as const,
      normalized: flag("norm_topk_prob", true),
      sharedHidden: count("shared_expert_intermediate_size", 512),
      sharedGate: true,
    }),
  ),
  attends: attendingLayers,
  mixer: when(attendingLayers, undefined, gatedDelta(32)),
  names: ({ layers: [{ attention }] }) => ({
    ...gatedNames,
    ...expertModules,
    "layers.*.self_attn.q_proj": gatedQueries(attention),
    "layers.*.mlp.shared_expert.gate_proj": "layers.*.mlp.sharedExpert.gateProj",
    "layers.*.mlp.shared_expert.up_proj": "layers.*.mlp.sharedExpert.upProj",
    "layers.*.mlp.shared_expert.down_proj": "layers.*.mlp.sharedExpert.downProj",
    "layers.*.mlp.shared_expert_gate": "layers.*.mlp.sharedGate",
  }),
  mixerNames: (mixer) => ({ ...gatedDeltaNames, ...groupedDeltaNames(mixer) }),
  parameters: { ...stackedParameters, ...gatedDeltaParameters },
  // Layers that guess further tokens.
  ignored: [...rotaryBuffers, /^mtp\./],
});
