/** Mixtral in GGUF files, which call it a llama with experts. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufExpertNames, ggufExperts, llamaLikeGguf, pairedNames } from "../shared/gguf.js";

export const mixtralGguf: GgufArchitecture = {
  reads: ["expert_count"],
  config: (metadata) => ({
    ...{ ...llamaLikeGguf(metadata), model_type: "mixtral" },
    ...ggufExperts(metadata, "num_local_experts"),
  }),
  modules: ({ layers: [{ attention }] }) => ({
    ...pairedNames(attention),
    ...ggufExpertNames,
    // Older files have each expert's matrices by themselves.
    "blk.*.ffn_gate.*": "layers.*.mlp.gateProj",
    "blk.*.ffn_up.*": "layers.*.mlp.upProj",
    "blk.*.ffn_down.*": "layers.*.mlp.downProj",
  }),
};
