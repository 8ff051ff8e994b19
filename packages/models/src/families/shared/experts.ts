/** Experts in checkpoints: tensors of one expert each, which the loader stacks, or of all of them. */
import { compact, type WeightRule, type WeightTable } from "../../checkpoint/table/weight-table.js";

/** Every expert's projections, stacked, as mlx-lm has them under a block's name. */
function stackedModules(block: string): WeightTable["modules"] {
  return {
    [`layers.*.${block}.switch_mlp.gate_proj`]: "layers.*.mlp.gateProj",
    [`layers.*.${block}.switch_mlp.up_proj`]: "layers.*.mlp.upProj",
    [`layers.*.${block}.switch_mlp.down_proj`]: "layers.*.mlp.downProj",
  };
}

/** Weight names of a mixture whose block and router have these names, in Llama's spelling of the projections. */
export const expertModules = {
  "layers.*.mlp.gate": "layers.*.mlp.router",
  "layers.*.mlp.experts.*.gate_proj": "layers.*.mlp.gateProj",
  "layers.*.mlp.experts.*.up_proj": "layers.*.mlp.upProj",
  "layers.*.mlp.experts.*.down_proj": "layers.*.mlp.downProj",
  ...stackedModules("mlp"),
};

/** Weight names of Mixtral, which has its own for the projections. */
export const blockSparseModules = {
  "layers.*.block_sparse_moe.gate": "layers.*.mlp.router",
  "layers.*.block_sparse_moe.experts.*.w1": "layers.*.mlp.gateProj",
  "layers.*.block_sparse_moe.experts.*.w2": "layers.*.mlp.downProj",
  "layers.*.block_sparse_moe.experts.*.w3": "layers.*.mlp.upProj",
  ...stackedModules("block_sparse_moe"),
};

/** All experts' gates above all their linear branches, (experts, 2 · mlpHidden, hidden): how `transformers` 5 holds them. */
export const gatesAboveBranches = (into: readonly string[]): WeightRule => ({
  into,
  transform: (tensor) => tensor.split(2, 1).map(compact),
  storedShape: ([[experts, out, from]]) => [experts, 2 * out, from],
});

/** Weight names of experts that lie in two tensors. */
export const stackedParameters: Readonly<Record<string, string | WeightRule>> = {
  "layers.*.mlp.experts.gate_up_proj": gatesAboveBranches([
    "layers.*.mlp.gateProj.weight",
    "layers.*.mlp.upProj.weight",
  ]),
  "layers.*.mlp.experts.down_proj": "layers.*.mlp.downProj.weight",
};

/** Weight names of Granite's experts, which lie in two modules. */
export const graniteExpertModules: WeightTable["modules"] = {
  "layers.*.block_sparse_moe.router.layer": "layers.*.mlp.router",
  "layers.*.block_sparse_moe.input_linear": gatesAboveBranches([
    "layers.*.mlp.gateProj",
    "layers.*.mlp.upProj",
  ]),
  "layers.*.block_sparse_moe.output_linear": "layers.*.mlp.downProj",
  ...stackedModules("block_sparse_moe"),
};
