"""One plain checkpoint per family: the configurations, as small as all that a family does allows."""

SPECIAL = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
DECODER = dict(SPECIAL, vocab_size=68, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
               num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64)
GPT = dict(SPECIAL, vocab_size=67, n_positions=64, n_embd=32, n_layer=2, n_head=4, n_inner=48)
OLD = dict(SPECIAL, vocab_size=66, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
           max_position_embeddings=64)
# What has few heads turns only part of them, so that more than one frequency is left.
PARTIAL = dict(DECODER, num_attention_heads=2, num_key_value_heads=2)


def rope(theta=10000.0, kind="default", **rest):
    return {"rope_type": kind, "rope_theta": theta, **rest}


# Not part of the config: `type` (model_type, when the name differs), `length` (sequence length),
# `gain` (how to draw some matrices, see `weights.py`), `rewrite` (how older files differ), `notes`.
BASE = {
    "gpt2": dict(GPT),
    "gpt_neo": dict(SPECIAL, vocab_size=67, hidden_size=32, intermediate_size=48, num_layers=2, num_heads=4,
                    max_position_embeddings=64, attention_types=[[["global", "local"], 1]], window_size=4,
                    gain={"qk": 0.8},
                    notes="Attention scores are not divided by sqrt(head_dim)."),
    "gpt_neox": dict(PARTIAL, num_key_value_heads=None, rope_parameters=rope(partial_rotary_factor=0.25)),
    "gptj": dict(GPT, n_head=2, rotary_dim=8),
    "opt": dict(OLD, ffn_dim=48,
                notes="Every LayerNorm has epsilon 1e-5: the config has no field for it. Position p is row p + 2."),
    "llama": dict(DECODER),
    "llama/llama3rope": dict(DECODER, type="llama", vocab_size=70, num_attention_heads=2, num_key_value_heads=1,
                             tie_word_embeddings=True,
                             rope_parameters=rope(10000.0, "llama3", factor=8.0, low_freq_factor=1.0,
                                                  high_freq_factor=4.0, original_max_position_embeddings=32)),
    "mistral": dict(DECODER, sliding_window=6, rope_parameters=rope(1000000.0)),
    "mixtral": dict(DECODER, intermediate_size=32, num_local_experts=4, num_experts_per_tok=2),
    "qwen2": dict(DECODER, vocab_size=70, rope_parameters=rope(1000000.0)),
    "qwen3": dict(DECODER, vocab_size=70, head_dim=16, rope_parameters=rope(1000000.0)),
    "qwen3_moe": dict(DECODER, head_dim=16, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=20,
                      norm_topk_prob=True, rope_parameters=rope(1000000.0)),
    "gemma": dict(DECODER, vocab_size=72, num_key_value_heads=1, head_dim=16, gain={"out": 3}),
    "gemma2": dict(DECODER, vocab_size=72, head_dim=16, query_pre_attn_scalar=16, sliding_window=6,
                   attn_logit_softcapping=3.0, final_logit_softcapping=5.0, gain={"post": 2}),
    "gemma3_text": dict(DECODER, vocab_size=72, num_hidden_layers=3, num_key_value_heads=1, head_dim=16,
                        query_pre_attn_scalar=16, sliding_window=6,
                        layer_types=["sliding_attention", "sliding_attention", "full_attention"], gain={"post": 2}),
    "phi": dict(PARTIAL, num_key_value_heads=None),
    "phi3": dict(DECODER, sliding_window=8),
    "olmo2": dict(DECODER, num_key_value_heads=None, rope_parameters=rope(500000.0)),
    "olmoe": dict(DECODER, num_key_value_heads=None, num_experts=6, num_experts_per_tok=2, intermediate_size=20),
    "stablelm": dict(PARTIAL),
    "starcoder2": dict(DECODER, sliding_window=6, rope_parameters=rope(100000.0)),
    "cohere": dict(DECODER, num_key_value_heads=4, logit_scale=0.4, gain={"out": 4, "embed": 2}),
    "cohere2": dict(DECODER, num_hidden_layers=3, logit_scale=0.4, sliding_window=6, rope_parameters=rope(50000.0),
                    layer_types=["sliding_attention", "sliding_attention", "full_attention"],
                    gain={"out": 4, "embed": 2}),
    "granite": dict(DECODER, tie_word_embeddings=True, embedding_multiplier=4.0, attention_multiplier=0.15,
                    residual_multiplier=0.4, logits_scaling=1.6, gain={"out": 10}),
    "falcon": dict(OLD),
    "gpt_bigcode": dict(GPT),
    "bloom": dict(SPECIAL, vocab_size=66, hidden_size=32, n_layer=2, n_head=4, gain={"out": 2}),
    "smollm3": dict(DECODER, num_hidden_layers=3, no_rope_layers=[1, 0, 1]),
    "glm4": dict(DECODER, head_dim=16),
    "gpt_oss": dict(DECODER, intermediate_size=32, head_dim=16, num_local_experts=4, num_experts_per_tok=2,
                    sliding_window=6, max_position_embeddings=4096,
                    rope_parameters=rope(1000.0, "yarn", factor=8.0, beta_fast=32.0, beta_slow=1.0, truncate=False,
                                         original_max_position_embeddings=512),
                    notes="A row of attention sums to less than 1: the rest went to the head's sink."),
    "deepseek_v3": dict(DECODER, num_key_value_heads=4, q_lora_rank=24, kv_lora_rank=16, qk_nope_head_dim=12,
                        qk_rope_head_dim=8, v_head_dim=10, n_routed_experts=8, num_experts_per_tok=2, n_group=4,
                        topk_group=2, n_shared_experts=1, first_k_dense_replace=1, moe_intermediate_size=20,
                        notes="q_a_layernorm and kv_a_layernorm have epsilon 1e-6, whatever rms_norm_eps is."),
    "nemotron": dict(DECODER, head_dim=12),
    "bert": dict(OLD, intermediate_size=48,
                 notes="Encoder: every position sees every position that is not a pad. token_type_ids are all 0. "
                       "logits are those of the masked-language-model head. There is no greedy continuation."),
    "mamba": dict(SPECIAL, vocab_size=66, hidden_size=32, state_size=6, num_hidden_layers=3, conv_kernel=4, expand=2,
                  notes="No attention. The list of hidden states has no entry for the embeddings."),
}
