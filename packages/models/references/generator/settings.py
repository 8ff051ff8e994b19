"""Settings that published models of a family differ in: the configurations, by family."""

sizes = dict(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=32)
llama = dict(sizes, intermediate_size=20, num_key_value_heads=1)
gpt = dict(vocab_size=24, n_embd=16, n_layer=2, n_head=2, n_positions=32)


def rope(kind, **rest):
    return dict(rope_type=kind, rope_theta=10000.0, **rest)


SETTINGS = {
    "llama/dynamic": ("llama", dict(llama, max_position_embeddings=8, rope_parameters=rope("dynamic", factor=4.0))),
    "llama/linear": ("llama", dict(llama, rope_parameters=rope("linear", factor=4.0))),
    "llama/yarn": (
        "llama",
        dict(llama, rope_parameters=rope("yarn", factor=4.0, original_max_position_embeddings=8, beta_fast=8.0)),
    ),
    "llama/biases": (
        "llama",
        dict(llama, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, head_dim=12, hidden_act="gelu"),
    ),
    "mistral/plain": ("mistral", dict(llama, head_dim=12, sliding_window=None)),
    "mixtral/window": ("mixtral", dict(llama, num_local_experts=3, num_experts_per_tok=2, sliding_window=4)),
    "phi3/longrope": (
        "phi3",
        dict(
            llama,
            pad_token_id=0,
            original_max_position_embeddings=8,
            rope_parameters=rope(
                "longrope",
                short_factor=[1.0, 1.5, 2.0, 2.5],
                long_factor=[1.0, 3.0, 5.0, 7.0],
                original_max_position_embeddings=8,
            ),
        ),
    ),
    "phi3/partial": (
        "phi3",
        dict(llama, pad_token_id=0, rope_parameters=dict(rope("default"), partial_rotary_factor=0.75), tie_word_embeddings=True),
    ),
    "falcon/two-norms": (
        "falcon",
        dict(sizes, new_decoder_architecture=True, num_kv_heads=1, bias=False, ffn_hidden_size=20),
    ),
    "falcon/one-norm": (
        "falcon",
        dict(sizes, new_decoder_architecture=True, num_kv_heads=1, num_ln_in_parallel_attn=1, ffn_hidden_size=20),
    ),
    "falcon/alibi": (
        "falcon",
        dict(sizes, alibi=True, parallel_attn=False, multi_query=False, bias=True, ffn_hidden_size=20),
    ),
    "stablelm/parallel": (
        "stablelm",
        dict(llama, qk_layernorm=True, use_parallel_residual=True, use_qkv_bias=True, partial_rotary_factor=0.5),
    ),
    "cohere/norms": ("cohere", dict(llama, use_qk_norm=True, attention_bias=True, logit_scale=0.5)),
    "phi/norms": ("phi", dict(llama, qk_layernorm=True, num_key_value_heads=2, partial_rotary_factor=0.5)),
    "gpt_neox/sequential": (
        "gpt_neox",
        dict(sizes, intermediate_size=20, use_parallel_residual=False, attention_bias=False, rotary_pct=1.0),
    ),
    "gpt_bigcode/heads": ("gpt_bigcode", dict(gpt, n_inner=20, multi_query=False)),
    "gpt2/scaled": ("gpt2", dict(gpt, n_inner=20, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True)),
    "gpt2/unscaled": ("gpt2", dict(gpt, n_inner=20, scale_attn_weights=False, tie_word_embeddings=False)),
    "gptj/full": ("gptj", dict(gpt, n_inner=20, rotary_dim=8)),
    "gptj/tied": ("gptj", dict(gpt, n_inner=20, rotary_dim=4, tie_word_embeddings=True)),
    "phi/tied": ("phi", dict(llama, num_key_value_heads=2, partial_rotary_factor=0.5, tie_word_embeddings=True)),
    "opt/norms-after": (
        "opt",
        dict(sizes, ffn_dim=20, do_layer_norm_before=False, word_embed_proj_dim=12),
    ),
    "opt/galactica": (
        "opt",
        dict(
            sizes,
            ffn_dim=20,
            enable_bias=False,
            layer_norm_elementwise_affine=False,
            activation_function="gelu",
        ),
    ),
    "opt/no-final-norm": (
        "opt",
        dict(sizes, ffn_dim=20, _remove_final_layer_norm=True, word_embed_proj_dim=12, tie_word_embeddings=False),
    ),
    "opt/no-biases": ("opt", dict(sizes, ffn_dim=20, enable_bias=False, activation_function="gelu")),
    "gemma/plain": ("gemma", dict(llama, num_key_value_heads=1, head_dim=12)),
    "gemma2/windows": (
        "gemma2",
        dict(llama, num_hidden_layers=3, head_dim=8, sliding_window=4, query_pre_attn_scalar=6, attn_logit_softcapping=None),
    ),
    "gemma3_text/linear": (
        "gemma3_text",
        dict(
            llama,
            num_hidden_layers=3,
            head_dim=8,
            sliding_window=4,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"],
            rope_parameters={
                "full_attention": dict(rope_type="linear", factor=4.0, rope_theta=1000000.0),
                "sliding_attention": dict(rope_type="default", rope_theta=10000.0),
            },
        ),
    ),
    "qwen2/windows": (
        "qwen2",
        dict(llama, num_hidden_layers=3, use_sliding_window=True, sliding_window=4, max_window_layers=1),
    ),
    "qwen3/biases": ("qwen3", dict(llama, head_dim=12, attention_bias=True, tie_word_embeddings=True)),
    "qwen3_moe/mixed": (
        "qwen3_moe",
        dict(
            llama,
            num_hidden_layers=3,
            head_dim=8,
            num_experts=4,
            num_experts_per_tok=2,
            moe_intermediate_size=12,
            decoder_sparse_step=2,
            norm_topk_prob=False,
        ),
    ),
    "olmoe/normalized": (
        "olmoe",
        dict(llama, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True, clip_qkv=0.5),
    ),
    "deepseek_v3/direct": (
        "deepseek_v3",
        dict(
            llama,
            num_key_value_heads=2,
            q_lora_rank=None,
            kv_lora_rank=8,
            qk_rope_head_dim=4,
            qk_nope_head_dim=6,
            v_head_dim=5,
            n_routed_experts=4,
            num_experts_per_tok=2,
            n_group=2,
            topk_group=1,
            moe_intermediate_size=12,
            n_shared_experts=1,
            first_k_dense_replace=1,
            routed_scaling_factor=2.5,
            norm_topk_prob=False,
            attention_bias=False,
            rope_parameters=rope(
                "yarn", factor=4.0, original_max_position_embeddings=8, mscale=0.7, mscale_all_dim=0.9
            ),
        ),
    ),
    "granite/biases": (
        "granite",
        dict(llama, attention_bias=True, mlp_bias=True, attention_multiplier=0.3, residual_multiplier=0.4,
             embedding_multiplier=3.0, logits_scaling=2.0),
    ),
    "starcoder2/plain": ("starcoder2", dict(llama, use_bias=False, sliding_window=None, tie_word_embeddings=False)),
    "nemotron/biases": ("nemotron", dict(llama, attention_bias=True, mlp_bias=True, partial_rotary_factor=0.5)),
    "smollm3/windows": (
        "smollm3",
        dict(llama, num_hidden_layers=3, use_sliding_window=True, sliding_window=4, no_rope_layer_interval=2, pad_token_id=0),
    ),
    "glm4/biases": ("glm4", dict(llama, head_dim=8, attention_bias=True, pad_token_id=0)),
    "gpt_oss/full": (
        "gpt_oss",
        dict(
            llama,
            head_dim=8,
            num_local_experts=3,
            num_experts_per_tok=2,
            sliding_window=4,
            layer_types=["full_attention", "sliding_attention"],
            rope_parameters=rope("default"),
        ),
    ),
    "bloom/norms-first": (
        "bloom",
        dict(vocab_size=24, hidden_size=16, n_layer=2, n_head=2, apply_residual_connection_post_layernorm=True),
    ),
    "bloom/untied": ("bloom", dict(vocab_size=24, hidden_size=16, n_layer=2, n_head=2, tie_word_embeddings=False)),
    "cohere2/full": ("cohere2", dict(llama, head_dim=8, sliding_window=4, logit_scale=0.5, layer_types=["full_attention", "sliding_attention"])),
    "olmo2/grouped": ("olmo2", dict(llama, attention_bias=True, rope_parameters=rope("linear", factor=2.0))),
    "gpt_neo/global": (
        "gpt_neo",
        dict(vocab_size=24, hidden_size=16, num_layers=2, num_heads=2, max_position_embeddings=32,
             attention_types=[[["global"], 2]], intermediate_size=20),
    ),
}

# Written into config.json as it stands, since saving from transformers would put every field in its newest form.
WRITTEN = {
    "llama/two-ropes": dict(
        llama,
        model_type="llama",
        rope_parameters=rope("default"),
        rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=16),
        original_max_position_embeddings=8,
        rope_theta=500.0,
    ),
    "phi3/own-length": dict(
        llama,
        model_type="phi3",
        pad_token_id=0,
        rope_scaling=dict(
            type="su",
            short_factor=[1.0, 1.5, 2.0, 2.5],
            long_factor=[1.0, 3.0, 5.0, 7.0],
            original_max_position_embeddings=8,
        ),
    ),
    "gemma/first": dict(llama, model_type="gemma", head_dim=12, hidden_act="gelu"),
    "gemma3_text/scaling-beside": dict(
        llama,
        model_type="gemma3_text",
        head_dim=8,
        sliding_window=4,
        sliding_window_pattern=2,
        rope_scaling=dict(rope_type="linear", factor=4.0),
        rope_parameters=dict(full_attention=rope("default"), sliding_attention=rope("default")),
    ),
    "cohere/defaults": dict(llama, model_type="cohere"),
    "gpt_oss/scaling": dict(
        llama, model_type="gpt_oss", num_local_experts=3, num_experts_per_tok=2, rope_theta=500.0
    ),
    "gpt2/common-names": dict(sizes, model_type="gpt2"),
    "deepseek_v3/unset": dict(
        SETTINGS["deepseek_v3/direct"][1], model_type="deepseek_v3", norm_topk_prob=None, rope_interleave=None
    ),
}


