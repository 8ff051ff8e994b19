/** Small random mixtures of experts in published layouts. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { keySequence } from "../decoder/model/initialize.js";

const common = {
  vocab_size: 19,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  max_position_embeddings: 24,
  rms_norm_eps: 1e-5,
  num_experts_per_tok: 2,
  num_local_experts: 4,
  tie_word_embeddings: true,
};

/** The `config.json` of `mixtureTensors`. */
export const mixtralJson = { ...common, model_type: "mixtral" };

/** The `config.json` of `ossTensors`. */
export const ossJson = { ...common, model_type: "gpt_oss", sliding_window: 128 };

/** Everything but the experts. */
function dense(biased: boolean): Record<string, MxArray> {
  const random = randomArrays(3);
  const layer = "model.layers.0";
  const tensors: Record<string, MxArray> = {
    "model.embed_tokens.weight": random(19, 32),
    "model.norm.weight": random(32),
    [`${layer}.input_layernorm.weight`]: random(32),
    [`${layer}.post_attention_layernorm.weight`]: random(32),
  };
  for (const [name, outputs] of [
    ["q", 32],
    ["k", 16],
    ["v", 16],
    ["o", 32],
  ] as const) {
    tensors[`${layer}.self_attn.${name}_proj.weight`] = random(outputs, 32);
    if (biased) tensors[`${layer}.self_attn.${name}_proj.bias`] = random(outputs);
  }
  return tensors;
}

function randomArrays(seed: number): (...shape: number[]) => MxArray {
  const keys = keySequence(seed);
  return (...shape) => mx.random.normal(shape, mx.float32, 0, 0.4, keys());
}

/** Mixtral's names, one tensor for each matrix of each expert. */
export function mixtralTensors(): Record<string, MxArray> {
  const random = randomArrays(4);
  const block = "model.layers.0.block_sparse_moe";
  const tensors: Record<string, MxArray> = {
    ...dense(false),
    [`${block}.gate.weight`]: random(4, 32),
  };
  for (let expert = 0; expert < 4; expert++) {
    tensors[`${block}.experts.${expert}.w1.weight`] = random(64, 32);
    tensors[`${block}.experts.${expert}.w2.weight`] = random(32, 64);
    tensors[`${block}.experts.${expert}.w3.weight`] = random(64, 32);
  }
  return tensors;
}

/** gpt-oss without the matrices of its experts. */
export function ossTensors(): Record<string, MxArray> {
  const random = randomArrays(5);
  const layer = "model.layers.0";
  return {
    ...dense(true),
    [`${layer}.self_attn.sinks`]: random(4),
    [`${layer}.mlp.router.weight`]: random(4, 32),
    [`${layer}.mlp.router.bias`]: random(4),
    [`${layer}.mlp.experts.gate_up_proj_bias`]: random(4, 128),
    [`${layer}.mlp.experts.down_proj_bias`]: random(4, 32),
  };
}
