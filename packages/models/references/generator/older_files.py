"""How the files of older checkpoints differ from what `save_pretrained` writes today."""

import torch


def legacy_config(config, tensors):
    """config.json as transformers 4 wrote it: rope keys at the top level, `torch_dtype`."""
    config["torch_dtype"] = config.pop("dtype")
    config.pop("transformers_version", None)
    parameters = config.pop("rope_parameters", None)
    if config["model_type"] == "gemma3_text":
        full, local = parameters["full_attention"], parameters["sliding_attention"]
        config.update(rope_theta=full.pop("rope_theta"), rope_local_base_freq=local["rope_theta"], rope_scaling=full)
        config.pop("_sliding_window_pattern")
        config["sliding_window_pattern"] = config.pop("layer_types").index("full_attention") + 1
    elif config["model_type"] == "gpt_neox":
        config.update(rotary_emb_base=parameters["rope_theta"], rotary_pct=parameters["partial_rotary_factor"])
    elif parameters:
        config["rope_theta"] = parameters.pop("rope_theta")
        if "partial_rotary_factor" in parameters:
            config["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
        kind = parameters.pop("rope_type")
        if kind == "longrope":
            parameters.pop("original_max_position_embeddings")  # it stays at the top level
        config["rope_scaling"] = None if kind == "default" else {"type": kind, **parameters}
    if config.get("head_dim") == config["hidden_size"] // config["num_attention_heads"]:
        config.pop("head_dim")
    for key in ("layer_types", "mlp_bias", "attention_bias", "pretraining_tp"):
        config.pop(key, None)  # older files do not have them


def unused_window(config, tensors):
    """config.json as transformers 4 wrote it, with a `sliding_window` that `use_sliding_window: false` turns off."""
    legacy_config(config, tensors)
    config.update(sliding_window=5, max_window_layers=1, use_sliding_window=False)


def bare_names(config, tensors):
    """Names without the base model's prefix, and the causal-mask buffer, as in the first GPT-2 files."""
    for name in list(tensors):
        tensors[name.removeprefix("transformer.")] = tensors.pop(name)
    for layer in range(config["n_layer"]):
        size = config["n_positions"]
        tensors[f"h.{layer}.attn.bias"] = torch.ones(size, size).tril()[None, None]


def old_buffers(config, tensors):
    """Constant buffers that older checkpoints carry next to the weights."""
    size = config["max_position_embeddings"]
    for layer in range(config["num_layers"]):
        tensors[f"transformer.h.{layer}.attn.attention.bias"] = torch.ones(size, size).tril()[None, None]
        tensors[f"transformer.h.{layer}.attn.attention.masked_bias"] = torch.tensor(-1e9)


def gamma_beta(config, tensors):
    """LayerNorm tensors named gamma and beta, and the unused pooler and next-sentence head, as in BERT's files."""
    for name in list(tensors):
        renamed = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        tensors[renamed] = tensors.pop(name)
    width, generator = config["hidden_size"], torch.Generator().manual_seed(7)
    for name, shape in {"bert.pooler.dense.weight": (width, width), "bert.pooler.dense.bias": (width,),
                        "cls.seq_relationship.weight": (2, width), "cls.seq_relationship.bias": (2,)}.items():
        tensors[name] = torch.randn(shape, generator=generator) * 0.1
