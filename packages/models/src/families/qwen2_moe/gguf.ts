/** Qwen 2 with experts in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import type { WeightRule } from "../../checkpoint/table/weight-table.js";
import { ggufExpertNames, ggufExperts, ggufNames, llamaLikeGguf } from "../shared/gguf.js";

/** One row, of which files have the numbers only. */
const singleRow: WeightRule = {
  into: ["layers.*.mlp.sharedGate"],
  transform: (tensor) => [tensor.reshape([1, -1])],
  storedShape: ([[, width]]) => [width],
};

export const qwen2MoeGguf: GgufArchitecture = {
  name: "qwen2moe",
  reads: ["expert_count"],
  config: (metadata) => ({
    ...{ ...llamaLikeGguf(metadata), model_type: "qwen2_moe" },
    ...ggufExperts(metadata, "num_experts"),
    moe_intermediate_size: metadata.value("expert_feed_forward_length"),
    shared_expert_intermediate_size: metadata.value("expert_shared_feed_forward_length"),
    qkv_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
  }),
  modules: () => ({
    ...ggufNames,
    ...ggufExpertNames,
    "blk.*.ffn_gate_shexp": "layers.*.mlp.sharedExpert.gateProj",
    "blk.*.ffn_up_shexp": "layers.*.mlp.sharedExpert.upProj",
    "blk.*.ffn_down_shexp": "layers.*.mlp.sharedExpert.downProj",
    "blk.*.ffn_gate_inp_shexp": singleRow,
  }),
};
