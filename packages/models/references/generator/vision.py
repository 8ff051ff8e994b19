"""Writes checkpoints of classifiers of pictures, and what transformers computes from random pixels."""

import json
import shutil
import zlib

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForImageClassification

from .weights import initialise


def make(folder, path, family, case):
    generator = torch.Generator().manual_seed(zlib.crc32(path.encode()) % 1_000_000)
    config = AutoConfig.for_model(family, **case)
    config.layer_norm_eps = 0.01
    model = AutoModelForImageClassification.from_config(config, attn_implementation="eager").eval()
    initialise(model, generator, {})
    for name, parameter in model.named_parameters():
        if name.endswith(("cls_token", "position_embeddings")):
            parameter.data = (0.5 * torch.randn(parameter.shape, generator=generator)).half().float()
    height, width = config.image_size if isinstance(config.image_size, (list, tuple)) else [config.image_size] * 2
    pixels = torch.randn((2, config.num_channels, height, width), generator=generator)
    with torch.enable_grad():
        result = model(pixel_values=pixels, output_hidden_states=True, output_attentions=True)
        gradient, = torch.autograd.grad(result.logits[0, 0] - result.logits[0, 1], result.hidden_states[1])
    tensors = {"pixels": pixels, "logits": result.logits, "grad.hidden.1": gradient}
    tensors |= {f"hidden.{i}": h for i, h in enumerate(result.hidden_states)}
    tensors |= {f"attn.{i}": a for i, a in enumerate(result.attentions)}
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    written = json.loads((folder / "config.json").read_text()) | {"dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    weights = {key: value.half() for key, value in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    save_file({key: t.detach().clone().contiguous() for key, t in tensors.items()}, folder / "reference.safetensors")
    return {"logits_std": result.logits.std().item()}
