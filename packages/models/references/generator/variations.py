"""What real checkpoints of a family vary, each as a complete checkpoint; made on request, not shipped."""

import copy

from .families import BASE, rope
from .older_files import bare_names, gamma_beta, legacy_config, old_buffers, unused_window

def variant(family, **changes):
    return copy.deepcopy({**BASE[family], "type": family, **changes})


FACTORS = dict(short_factor=[1.0, 1.2, 1.5, 2.0], long_factor=[1.4, 2.2, 4.0, 9.0])
LONGROPE = dict(original_max_position_embeddings=24, max_position_embeddings=96, sliding_window=None,
                rope_parameters=rope(10000.0, "longrope", **FACTORS))
YARN = rope(1000.0, "yarn", factor=4.0, original_max_position_embeddings=512)
LOCAL_FULL = dict(sliding_attention=rope(500.0), full_attention=rope(20000.0, "linear", factor=4.0))

VARIATIONS = {
    "gpt2/scale_attn_by_inverse_layer_idx": variant("gpt2", n_layer=3, scale_attn_by_inverse_layer_idx=True),
    "gpt2/hub_bare_names": variant("gpt2", n_positions=40, rewrite=bare_names),
    "gpt_neo/hub_buffers": variant("gpt_neo", max_position_embeddings=40, rewrite=old_buffers),
    "gpt_neox/sequential_residual": variant("gpt_neox", use_parallel_residual=False),
    "gpt_neox/rotary_full": variant("gpt_neox", rope_parameters=rope(partial_rotary_factor=1.0)),
    "gpt_neox/v4_config": variant("gpt_neox", hidden_act="gelu_fast", rewrite=legacy_config,
                                   rope_parameters=rope(25000.0, partial_rotary_factor=0.5)),
    "opt/post_norm": variant("opt", do_layer_norm_before=False, word_embed_proj_dim=20),
    "llama/attention_bias_mlp_bias": variant("llama", attention_bias=True, mlp_bias=True),
    "llama/rope_linear_scaling": variant("llama", rope_parameters=rope(10000.0, "linear", factor=4.0)),
    "llama/head_dim_override": variant("llama", head_dim=20, num_key_value_heads=1),
    "llama/yarn": variant("llama", head_dim=16, max_position_embeddings=2048, rope_parameters=YARN),
    "llama/v4_config": variant("llama", num_key_value_heads=4, rope_parameters=rope(20000.0, "linear", factor=2.0),
                                rewrite=legacy_config),
    "mistral/no_window": variant("mistral", sliding_window=None, head_dim=16),
    "mistral/long": variant("mistral", length=40),
    "mixtral/top1": variant("mixtral", num_experts_per_tok=1, intermediate_size=32),
    "qwen2/tied": variant("qwen2", tie_word_embeddings=True),
    "qwen2/sliding_layers": variant("qwen2", num_hidden_layers=3, use_sliding_window=True, sliding_window=5,
                                     max_window_layers=1),
    "qwen2/v4_config": variant("qwen2", rewrite=unused_window),
    "qwen3/attention_bias": variant("qwen3", attention_bias=True, tie_word_embeddings=True),
    "qwen3_moe/mixed_dense": variant("qwen3_moe", mlp_only_layers=[0], norm_topk_prob=False, num_experts_per_tok=3),
    "gemma2/query_pre_attn_scalar": variant("gemma2", query_pre_attn_scalar=40, attn_logit_softcapping=None,
                                             final_logit_softcapping=None),
    "gemma2/long": variant("gemma2", length=40),
    "gemma3_text/window_pattern_and_local_theta": variant(
        "gemma3_text", layer_types=["full_attention", "sliding_attention", "full_attention"], sliding_window=4,
        query_pre_attn_scalar=7, rope_parameters=LOCAL_FULL),
    "gemma3_text/v4_config": variant("gemma3_text", rewrite=legacy_config, rope_parameters=LOCAL_FULL,
                                      layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    "phi/qk_layernorm": variant("phi", qk_layernorm=True, num_key_value_heads=2),
    "phi3/partial_rotary": variant("phi3", tie_word_embeddings=True,
                                    sliding_window=None, rope_parameters=rope(partial_rotary_factor=0.75)),
    "phi3/longrope_short": variant("phi3", **LONGROPE),
    "phi3/longrope_long": variant("phi3", length=28, **LONGROPE),
    "phi3/v4_config": variant("phi3", rewrite=legacy_config, **LONGROPE),
    "olmo2/gqa": variant("olmo2", num_key_value_heads=2),
    "olmoe/clip_qkv_norm_topk": variant("olmoe", intermediate_size=16, num_key_value_heads=2, clip_qkv=1.2,
                                         norm_topk_prob=True),
    "stablelm/qkv_bias": variant("stablelm", use_qkv_bias=True, rope_parameters=rope(partial_rotary_factor=0.5)),
    "stablelm/parallel_qk_layernorm": variant("stablelm", num_key_value_heads=2, use_parallel_residual=True,
                                               qk_layernorm=True),
    "starcoder2/no_bias": variant("starcoder2", use_bias=False, sliding_window=None, tie_word_embeddings=False),
    "cohere/qk_norm": variant("cohere", use_qk_norm=True, num_key_value_heads=2),
    "granite/multipliers": variant("granite", embedding_multiplier=2.5, attention_multiplier=0.4,
                                    residual_multiplier=0.7, logits_scaling=1.5, attention_bias=True, mlp_bias=True,
                                    tie_word_embeddings=False, gain={"embed": 0.5}),
    "falcon/new_decoder": variant("falcon", new_decoder_architecture=True, num_kv_heads=2),
    "falcon/new_decoder_one_norm": variant("falcon", new_decoder_architecture=True, num_kv_heads=2,
                                            num_ln_in_parallel_attn=1),
    "falcon/alibi_multi_head_sequential": variant("falcon", alibi=True, multi_query=False, parallel_attn=False,
                                                   bias=True),
    "gpt_bigcode/multi_head": variant("gpt_bigcode", multi_query=False),
    "bloom/post_ln_residual": variant("bloom", apply_residual_connection_post_layernorm=True),
    "bloom/six_heads": variant("bloom", hidden_size=30, n_head=6),
    "deepseek_v3/no_q_lora": variant("deepseek_v3", moe_intermediate_size=12, q_lora_rank=None, norm_topk_prob=False,
                                      n_group=1, topk_group=1, rope_interleave=False),
    "deepseek_v3/yarn_mscale": variant("deepseek_v3", moe_intermediate_size=12, attention_bias=True,
                                        max_position_embeddings=2048, rope_parameters={
                                            **YARN, "beta_fast": 8.0, "mscale": 0.7, "mscale_all_dim": 1.0}),
    "bert/relu": variant("bert", hidden_act="relu"),
    "bert/hub_gamma_beta": variant("bert", rewrite=gamma_beta),
    "mamba/projection_bias": variant("mamba", use_bias=True, use_conv_bias=False, expand=1, time_step_rank=5),
}
