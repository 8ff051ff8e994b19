"""Writes checkpoints that compare texts with pictures, and what transformers computes from both."""

import json
import shutil
import zlib

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel

from .weights import initialise

LENGTH = 9


def texts(config, generator):
    """Three texts of different lengths, each with its end and what follows it."""
    vocab, end = config.text_config.vocab_size, config.text_config.eos_token_id
    ids = torch.randint(3, vocab - 2, (3, LENGTH), generator=generator)
    for row, place in enumerate((LENGTH - 1, 4, 6)):
        ids[row, place] = vocab - 1 if end == 2 else end
    return ids


def forward(model, ids, pixels, mask=None):
    return model(input_ids=ids, pixel_values=pixels, attention_mask=mask, output_hidden_states=True, output_attentions=True)


def make(folder, path, family, case):
    generator = torch.Generator().manual_seed(zlib.crc32(path.encode()) % 1_000_000)
    config = AutoConfig.for_model(family, **case)
    config.text_config.layer_norm_eps = config.vision_config.layer_norm_eps = 0.01
    model = AutoModel.from_config(config, attn_implementation="eager").eval()
    initialise(model, generator, {})
    for name, parameter in model.named_parameters():
        if name.endswith(("class_embedding", "position_embedding.weight")):
            parameter.data = (0.5 * torch.randn(parameter.shape, generator=generator)).half().float()
        if name == "logit_scale":
            parameter.data = torch.tensor(1.75)
    ids = texts(config, generator)
    vision = config.vision_config
    pixels = torch.randn((2, vision.num_channels, vision.image_size, vision.image_size), generator=generator)
    with torch.enable_grad():
        result = forward(model, ids, pixels)
        both = {"text": result.text_model_output, "vision": result.vision_model_output}
        difference = result.logits_per_image[0, 0] - result.logits_per_image[0, 1]
        gradients = torch.autograd.grad(difference, [output.hidden_states[1] for output in both.values()])
    tensors = {"input_ids": ids, "pixels": pixels, "logits": result.logits_per_image,
               "text_embeds": result.text_embeds, "image_embeds": result.image_embeds}
    for (side, output), gradient in zip(both.items(), gradients):
        tensors |= {f"{side}.hidden.{i}": h for i, h in enumerate(output.hidden_states)}
        tensors |= {f"{side}.attn.{i}": a for i, a in enumerate(output.attentions)}
        tensors |= {f"grad.{side}.hidden.1": gradient, f"{side}.projected": output.pooler_output}
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    padded = torch.where(mask == 1, ids, torch.zeros_like(ids))
    tensors |= {"padded_input_ids": padded, "padded_mask": mask,
                "padded_logits": forward(model, padded, pixels, mask).logits_per_image}
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    written = json.loads((folder / "config.json").read_text()) | {"dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    weights = {key: value.half() for key, value in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    tensors = {key: t.detach().clone().contiguous() for key, t in tensors.items()}
    tensors = {key: t.to(torch.int32) if t.dtype == torch.int64 else t for key, t in tensors.items()}
    save_file(tensors, folder / "reference.safetensors")
    return {"logits_std": result.logits_per_image.std().item()}
