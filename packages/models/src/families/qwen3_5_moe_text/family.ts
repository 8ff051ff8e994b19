/** Qwen 3.5 with experts, text only (`model_type: "qwen3_5_moe_text"`): gated delta layers, gated attention, many small experts. */
import type { DecoderConfig } from "../../decoder/config/config.js";
import { sharedExpertModules } from "../shared/deepseek-mixture.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { count, together } from "../shared/part.js";
import { qwen35Parts } from "../shared/qwen35.js";

export const qwen35MoeText = likeHybridLlama("qwen3_5_moe_text", {
  ...qwen35Parts,
  mlpWidth: count("moe_intermediate_size", 512),
  experts: together({
    count: count("num_experts", 256),
    topK: count("num_experts_per_tok", 8),
    scoring: "softmax" as const,
    normalized: true,
    sharedHidden: count("shared_expert_intermediate_size", 512),
    sharedGate: true,
  }),
  names: (config: DecoderConfig) => ({
    ...qwen35Parts.names(config),
    ...expertModules,
    ...sharedExpertModules("shared_expert"),
    "layers.*.mlp.shared_expert_gate": "layers.*.mlp.sharedGate",
  }),
  parameters: { ...stackedParameters, ...qwen35Parts.parameters },
});
