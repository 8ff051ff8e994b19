"""What transformers computes from a checkpoint, and how far that is from a close call."""

import math
import re
import types

import torch

ENCODERS = {"bert", "camembert", "distilbert", "modernbert", "roberta", "xlm-roberta"}


WITHOUT_ATTENTION = ("mamba", "mamba2")
NO_CACHE = types.SimpleNamespace(layers=[])
RECURRENT = ("mamba2", "lfm2", "qwen3_next", "falcon_h1", "granitemoehybrid", "recurrent_gemma", "qwen3_5_text",
             "qwen3_5_moe_text")
MIXER = re.compile(r"(Mixer|MambaLayer|ShortConv|GatedDeltaNet|RecurrentBlock)$")


def forward(model, ids, mask=None):
    attentions = {} if model.config.model_type in WITHOUT_ATTENTION else {"output_attentions": True}
    return model(input_ids=ids, attention_mask=mask, use_cache=False, output_hidden_states=True, **attentions)


def blocks(model):
    count = model.config.num_hidden_layers
    return next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == count)


def is_kind(pattern, block):
    return any(re.search(pattern, type(module).__name__) for module in block.modules())


def recurrent(model, ids):
    """What mixers write, as it is added, and their states after the last token."""
    tensors, hooks = {}, []
    for index, block in enumerate(blocks(model)):
        for module in block.modules():
            if MIXER.search(type(module).__name__) and not is_kind("Attention", module):
                scale = getattr(block, "ssm_out_multiplier", getattr(block, "residual_multiplier", 1))

                def keep(module, inputs, output, index=index, scale=scale):
                    tensors[f"mixer.{index}"] = (output[0] if isinstance(output, tuple) else output) * scale
                hooks.append(module.register_forward_hook(keep))
    with torch.no_grad():
        output = model(input_ids=ids, use_cache=True)
    for hook in hooks:
        hook.remove()
    if tensors:
        for index, block in enumerate(blocks(model)):  # RecurrentGemma has them in its modules
            states = [m.recurrent_states for m in block.modules() if getattr(m, "recurrent_states", None) is not None]
            tensors |= {f"state.{index}": states[0]} if states else {}
        cache = getattr(output, "past_key_values", None) or getattr(output, "cache_params", None) or NO_CACHE
        for index, layer in enumerate(cache.layers):
            states = getattr(layer, "recurrent_states", None)
            if f"mixer.{index}" in tensors and states and states[0] is not None:
                tensors[f"state.{index}"] = states[0]
    return tensors


def watch_routers(model, gaps):
    """Record how close each expert that was not chosen came to being chosen."""
    def hook(module, inputs, output):
        sizes = module if hasattr(module, "num_experts") else module.config
        scores = next(part for part in reversed(output) if part.shape[-1] == sizes.num_experts)
        count = getattr(sizes, "top_k", None) or sizes.top_k_experts
        if hasattr(module, "e_score_correction_bias"):  # groups are chosen first, then experts inside them
            scores = scores.sigmoid() + module.e_score_correction_bias
            groups = scores.view(len(scores), module.num_group, -1)
            totals = groups.topk(2, -1).values.sum(-1)
            gaps.append(gap(totals, module.topk_group))
            kept = totals.topk(module.topk_group).indices
            scores = groups.gather(1, kept[..., None].expand(-1, -1, groups.shape[-1])).flatten(1)
        gaps.append(gap(scores, count))

    def gap(scores, count):
        if count == scores.shape[-1]:
            return math.inf
        ranked = scores.sort(-1, descending=True).values
        return (ranked[:, count - 1] - ranked[:, count]).min().item()

    for module in model.modules():
        if type(module).__name__.lower().endswith(("topkrouter", "llama4router", "gemma4textrouter")):
            module.register_forward_hook(hook)


def reference(model, ids):
    """Everything that goes to reference.safetensors, and the numbers that say how safe it is to compare."""
    gaps, last = [], []
    watch_routers(model, gaps)
    blocks(model)[-1].register_forward_hook(lambda m, i, o: last.append(o[0] if isinstance(o, tuple) else o))
    with torch.enable_grad():
        output = forward(model, ids)
        difference = output.logits[0, -1, 5] - output.logits[0, -1, 7]
        gradient, = torch.autograd.grad(difference, output.hidden_states[1])
    tensors = {"input_ids": ids, "logits": output.logits, "last_layer": last[0], "grad.hidden.1": gradient}
    tensors |= {f"hidden.{i}": h for i, h in enumerate(output.hidden_states)}
    patterns = getattr(output, "attentions", None) or ()
    attending = [i for i, block in enumerate(blocks(model)) if is_kind("Attention", block)]
    tensors |= {f"attn.{i}": a for i, a in zip(attending, patterns, strict=True)} if patterns else {}
    if model.config.model_type in RECURRENT:
        tensors |= recurrent(model, ids)

    real = ids.shape[1] - 5
    mask = torch.ones_like(ids)
    mask[0, real:] = 0
    padded = torch.where(mask == 1, ids, model.config.pad_token_id)
    padded_logits = forward(model, padded, mask).logits
    tensors |= {"padded_input_ids": padded, "padded_mask": mask, "padded_logits": padded_logits}
    causal = model.config.model_type not in ENCODERS
    error = (padded_logits[1] - output.logits[1]).abs().max()
    if causal:
        error = max(error, (padded_logits[0, :real] - output.logits[0, :real]).abs().max())
    assert error < 1e-4, f"padding changed the logits of real tokens by {error}"

    stats = {"logits_std": output.logits.std().item()}
    if patterns:
        stats["attention_entropy"] = entropy(torch.stack(patterns), causal)
    if causal:
        text, margins = ids[1:], []
        for _ in range(8):
            top = forward(model, text).logits[0, -1].topk(2)
            margins.append((top.values[0] - top.values[1]).item())
            text = torch.cat([text, top.indices[None, :1]], 1)
        tensors["generated"] = text
        stats |= {"greedy_margin": min(margins), "distinct_generated": len(set(text[0, -8:].tolist()))}
    if gaps:
        stats["router_margin"] = min(gaps)
    return {name: t.detach().clone().contiguous() for name, t in tensors.items()}, stats


def entropy(patterns, causal):
    """Mean entropy of the attention rows, as a fraction of the entropy of uniform attention."""
    rows = patterns / patterns.sum(-1, keepdim=True)  # attention sinks take a part of each row
    values = -(rows * rows.clamp_min(1e-30).log()).sum(-1)
    visible = (patterns > 0).sum(-1)
    return (values[visible > 1] / visible[visible > 1].log()).mean().item()


def acceptable(stats):
    return (stats.get("greedy_margin", 1) > 0.03 and stats.get("distinct_generated", 8) >= 4
            and stats.get("router_margin", 1) > 0.004)
