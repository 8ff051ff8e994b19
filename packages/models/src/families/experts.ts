/** Experts in config.json and in checkpoints: tensors of one expert each, which the loader stacks. */

/** Weight names of a mixture whose block and router have these names, in Llama's spelling of the projections. */
export const expertModules = {
  "layers.*.mlp.gate": "layers.*.mlp.router",
  "layers.*.mlp.experts.*.gate_proj": "layers.*.mlp.gateProj",
  "layers.*.mlp.experts.*.up_proj": "layers.*.mlp.upProj",
  "layers.*.mlp.experts.*.down_proj": "layers.*.mlp.downProj",
};

/** Weight names of Mixtral, which has its own for the projections. */
export const blockSparseModules = {
  "layers.*.block_sparse_moe.gate": "layers.*.mlp.router",
  "layers.*.block_sparse_moe.experts.*.w1": "layers.*.mlp.gateProj",
  "layers.*.block_sparse_moe.experts.*.w2": "layers.*.mlp.downProj",
  "layers.*.block_sparse_moe.experts.*.w3": "layers.*.mlp.upProj",
};
