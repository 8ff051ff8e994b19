/** Fields of config.json that change nothing in what a trained model computes, whatever the family. */

/** Any value will do: each is read elsewhere, only while training, or by nobody who runs a forward. */
const inert: ReadonlySet<string> = new Set([
  // what the file is, and what wrote it
  ..."model_type architectures auto_map transformers_version _name_or_path name_or_path".split(" "),
  ..."_commit_hash is_llama_config unsloth_fixed unsloth_version num_steps".split(" "),
  ..."transformers.js_config custom_pipelines".split(" "),
  // ids and texts, which tokenizers and generation read
  ..."bos_token_id eos_token_id pad_token_id unk_token_id sep_token_id cls_token_id".split(" "),
  ..."mask_token_id decoder_start_token_id forced_bos_token_id forced_eos_token_id".split(" "),
  ..."tokenizer_class prefix bad_words_ids suppress_tokens begin_suppress_tokens".split(" "),
  // how to generate
  ..."do_sample temperature top_k top_p typical_p min_length max_length min_new_tokens".split(" "),
  ..."max_new_tokens num_beams num_beam_groups num_return_sequences early_stopping".split(" "),
  ..."repetition_penalty length_penalty diversity_penalty no_repeat_ngram_size".split(" "),
  ..."encoder_no_repeat_ngram_size exponential_decay_length_penalty remove_invalid_values".split(
    " ",
  ),
  ..."use_cache cache_implementation task_specific_params model_max_length".split(" "),
  // the number format of the weights is read from them
  ..."torch_dtype dtype use_bfloat16 attention_softmax_in_fp32".split(" "),
  ..."scale_attention_softmax_in_fp32".split(" "),
  // weights before training, and losses
  ..."initializer_range initializer_factor init_std embedding_init_std".split(" "),
  ..."router_aux_loss_coef router_z_loss_coef router_jitter_noise aux_loss_alpha seq_aux".split(
    " ",
  ),
  ..."gradient_checkpointing num_nextn_predict_layers".split(" "),
  // ways to compute the same, and what else is returned
  ..."pretraining_tp ep_size chunk_size_feed_forward torchscript attn_implementation".split(" "),
  ..."_attn_implementation _attn_implementation_autoset _flash_attn_2_enabled".split(" "),
  ..."is_decoder return_dict output_attentions output_hidden_states output_router_logits".split(
    " ",
  ),
  ..."output_scores output_past return_dict_in_generate tf_legacy_loss".split(" "),
  // heads for other tasks than the next token
  ..."id2label label2id num_labels _num_labels problem_type finetuning_task".split(" "),
  ..."summary_type summary_use_proj summary_activation summary_proj_to_labels".split(" "),
  ..."n_special predict_special_tokens".split(" "),
  // lengths of other programs' buffers, and how they run
  ..."n_ctx seq_length max_sequence_length max_batch_size pad_key_length".split(" "),
  ..."tokenizer_model_max_length use_flash_attn use_flash_attention_2 torch_compile".split(" "),
  ..."use_flash_attention fused_mlp fused_bias_fc fused_dropout_add_ln ssm_cfg".split(" "),
  ..."rotary_scaling_factor pool pooling_type attn_type max_model_len".split(" "),
]);

/** Nothing is dropped outside training. */
const dropped = /(^|_)(dropout|pdrop|dropout_prob|layerdrop)$|^dropout_/;

/**
 * Whether a field that a family does not read may stand in its config.json: it is inert, or says that what it is about
 * is not there.
 */
export function isHarmless(field: string, value: unknown): boolean {
  return inert.has(field) || dropped.test(field) || isUnset(value);
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
