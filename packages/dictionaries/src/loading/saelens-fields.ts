/** The names that SAELens has given its settings over time. */
import { UnknownDictionaryFieldError } from "../shared/errors.js";
import type { Fields } from "./files.js";

/** What is about training, storage or where the dictionary came from: none of it changes what is computed. */
export const harmlessFields = [
  ...["dtype", "device", "sae_lens_version", "sae_lens_training_version", "neuronpedia_id"],
  ...["decoder_init_norm", "use_sparse_activations", "aux_loss_coefficient", "topk_threshold_lr"],
  ...["matryoshka_widths", "l1_coefficient", "lp_norm", "l1_warm_up_steps", "l0_coefficient"],
  ...["jumprelu_init_threshold", "jumprelu_bandwidth", "jumprelu_sparsity_loss_mode"],
  ...["jumprelu_tanh_scale", "l0_warm_up_steps", "pre_act_loss_coefficient", "k"],
  ...["finetuning_scaling_factor", "rescale_acts_by_decoder_norm", "d_out", "bottleneck_factor"],
  // runner settings that folders from before version 6 keep
  ...["context_size", "prepend_bos", "dataset_path", "dataset_trust_remote_code", "lr", "seed"],
  ...["is_dataset_tokenized", "model_from_pretrained_kwargs", "model_kwargs", "hook_layer"],
  ...["use_cached_activations", "cached_activations_path", "n_batches_in_buffer", "mse_loss_fn"],
  ...["total_training_tokens", "training_tokens", "store_batch_size", "store_batch_size_prompts"],
  ...["train_batch_size", "train_batch_size_tokens", "b_dec_init_method", "expansion_factor"],
  ...["from_pretrained_path", "lr_scheduler_name", "lr_warm_up_steps", "lr_decay_steps", "lr_end"],
  ...["use_ghost_grads", "feature_sampling_window", "feature_sampling_method", "run_name"],
  ...["resample_batches", "feature_reinit_scale", "dead_feature_window", "adam_beta1"],
  ...["dead_feature_estimation_method", "dead_feature_threshold", "log_to_wandb", "adam_beta2"],
  ...["wandb_project", "wandb_entity", "wandb_log_frequency", "n_checkpoints", "verbose"],
  ...["checkpoint_path", "tokens_per_buffer", "mse_loss_normalization", "streaming", "autocast"],
  ...[
    "sparsity_penalty_coefficient",
    "scale_sparsity_penalty_by_decoder_norm",
    "normalize_sae_decoder",
  ],
  ...[
    "noise_std",
    "decoder_heuristic_init",
    "init_encoder_as_decoder_transpose",
    "model_class_name",
  ],
  ...[
    "act_store_device",
    "eval_every_n_wandb_logs",
    "eval_batch_size_prompts",
    "wandb_log_weights",
  ],
  ...["hook_point_layer", "hook_eval", "autocast_lm", "compile_llm", "compile_sae", "seqpos_slice"],
  ...[
    "decoder_orthogonal_init",
    "n_restart_cycles",
    "llm_compilation_mode",
    "sae_compilation_mode",
  ],
  ...["log_weights_to_wandb", "log_activations_to_wandb", "log_optimizer_state_to_wandb"],
] as const;

const renamed: Readonly<Record<string, string>> = {
  hook_point: "hook_name",
  hook_point_head_index: "hook_head_index",
  activation_fn_str: "activation_fn",
};

/** Of version 6 or a later one, which say what they are under `metadata`. */
function isModern({ metadata }: Fields): boolean {
  return typeof metadata === "object" && metadata !== null;
}

/** The fields of any version in the words of version 6. */
export function modernFields(given: Fields): Fields {
  if (isModern(given)) return given;
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) fields[renamed[name] ?? name] = value;
  const { hook_name, hook_head_index, hook_name_out, model_name, ...rest } = fields;
  const { activation_fn, activation_fn_kwargs, normalize_activations, ...others } = rest;
  const site = typeof hook_name === "string" ? hook_name : undefined;
  return {
    reshape_activations: site?.includes("hook_z") ? "hook_z" : "none",
    apply_b_dec_to_input: true,
    ...others,
    ...topKOf(activation_fn, activation_fn_kwargs),
    normalize_activations: oldNormalization(normalize_activations),
    metadata: { hook_name, hook_head_index, hook_name_out, model_name },
  };
}

/** Then, the k largest were an activation function and no architecture. */
function topKOf(activation: unknown, settings: unknown): Fields {
  if (activation === undefined || activation === null || activation === "relu") return {};
  const k = (settings as Fields | undefined | null)?.k;
  if (activation === "topk") return { architecture: "topk", k };
  throw new UnknownDictionaryFieldError("cfg.json", "activation_fn", activation);
}

/** Then, a yes or no. */
function oldNormalization(value: unknown): unknown {
  if (value === true) return "expected_average_only_in";
  return value === false || value === null || value === undefined ? "none" : value;
}
