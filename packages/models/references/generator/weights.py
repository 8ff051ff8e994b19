"""Weights that hide nothing: no bias is zero, no norm is one, attention is not uniform."""

import math

import torch
from transformers.pytorch_utils import Conv1D


PLAIN = ("Gemma3nRMSNorm", "Gemma4RMSNorm")  # whose weights are not the difference from 1
CENTRED = ("Qwen3NextRMSNorm", "Qwen3_5RMSNorm", "RecurrentGemmaRMSNorm")


def initialise(model, generator, gain):
    """Draw every stored tensor. `gain` scales some of them: qk, out (what writes to the residual
    stream), embed, post (post-norm weights are centred at this value instead of at zero), query_norm and
    write_norm (those of norms of queries, and of writes, are centred at this share of the usual), router."""
    done = set()
    try:
        embedding = getattr(model.get_input_embeddings(), "weight", None)  # none where pixels are read
    except NotImplementedError:  # two encoders have two
        embedding = None
    output = model.get_output_embeddings()
    head = None if output is None else output.weight
    stored = set(model.state_dict())
    for path, module in model.named_modules():
        kind = type(module).__name__
        own = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
        for name, tensor in own.items():
            full = f"{path}.{name}"
            if full not in stored or tensor.data_ptr() in done:
                continue  # derived buffers, and tensors shared with one already drawn
            done.add(tensor.data_ptr())
            noise = torch.randn(tensor.shape, generator=generator)
            if "Norm" in kind and name == "weight":
                offset = kind.startswith("Gemma") and kind not in PLAIN or kind.endswith("1P") or kind in CENTRED  # these use 1 + weight
                centre = (gain.get("post", 0) if "post_" in path else 0) if offset else 1
                centre *= gain.get("query_norm", 1) if "q_norm" in path else 1
                centre *= gain.get("write_norm", 1) if "post_" in path else 1
                value = centre + 0.1 * noise
            elif name in ("correct_output_scale", "scale", "per_expert_scale"):
                value = 1 + 0.1 * noise
            elif name == "layer_scalar":
                value = 0.8 + 0.2 * noise
            elif name == "A_log":
                value = torch.arange(1, tensor.shape[-1] + 1).log() + 0.2 * noise
            elif name in ("D", "dt_bias") or full.endswith("dt_proj.bias"):
                value = (1 if name == "D" else -2) + 0.5 * noise
            elif name == "recurrent_param":
                value = -1 + 0.5 * noise
            elif name.endswith("bias"):
                value = 0.1 * noise
            elif name in ("beta", "eps"):  # of a nonlinearity, which never learns them
                value = tensor
            elif name == "sinks":
                value = noise
            elif tensor is embedding:
                value = noise * gain.get("embed", 1) * (2 / math.sqrt(tensor.shape[1]) if tensor is head else 0.8)
            elif isinstance(module, torch.nn.Embedding):
                value = 0.4 * noise
            else:
                value = noise * matrix_gain(full, gain, tensor is head) / math.sqrt(fan_in(module, tensor))
            tensor.data.copy_(value.half())  # what float16 holds, so that files may be half as large
    plain = [name for name, t in model.state_dict().items() if ((t == 0) | (t == 1)).sum() > max(3, 0.1 * t.numel())]
    assert not plain, f"left at zero or one: {plain}"


def fan_in(module, tensor):
    if isinstance(module, Conv1D):
        return tensor.shape[0]
    if type(module).__name__ == "GptOssExperts":
        return tensor.shape[1]
    return tensor.shape[-1] if tensor.dim() == 3 and not isinstance(module, torch.nn.Conv1d) else tensor[0].numel()


def matrix_gain(name, gain, is_head):
    if is_head:
        return 2.0
    if any(part in name for part in (".q_", ".k_", "query", "c_attn", "qkv", ".kv_a", ".key.")):
        return 1.5 * gain.get("qk", 1)
    if any(part in name for part in ("o_proj", "out_proj", "linear_out", "down_proj", "c_proj", "fc2", "fc_out", ".dense")):
        return 1.2 * gain.get("out", 1)
    return 2.0 * gain.get("router", 1) if "gate.weight" in name or "router" in name else 1.0
