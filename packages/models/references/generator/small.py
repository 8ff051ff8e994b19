"""Writes settings in miniature: files, logits and the input of every layer."""

import json
import shutil

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

from .values import WITHOUT_ATTENTION

length = 12


def fill(model):
    """Random weights that float16 holds exactly, norms and biases included, so that nothing can be left out unseen."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator) * 0.35
            centre = 1.0 if "norm" in name.lower() or "ln_" in name else 0.0
            is_weight = name.endswith("weight")
            parameter.copy_(((centre if is_weight else 0.0) + noise).half().float())
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.copy_((torch.randn(buffer.shape, generator=generator) * 0.35).half().float())
            elif name.endswith((".beta", ".eps")):  # of a nonlinearity
                buffer.copy_(buffer.half().float())


def layer_inputs(model, ids, hidden):
    """The list of hidden states of models without attention has no entry for the embeddings."""
    if model.config.model_type in WITHOUT_ATTENTION:
        return [model.get_input_embeddings()(ids), *hidden[:-2]]
    return hidden[:-1]


def make(folder, model_type, fields):
    shutil.rmtree(folder, ignore_errors=True)
    # In transformers 5 the eager form of Falcon's attention adds alibi twice, once with the mask.
    attention = "sdpa" if fields.get("alibi") else "eager"
    config = AutoConfig.for_model(model_type, attn_implementation=attention, **fields)
    save(folder, config)


def make_from_file(folder, written):
    """From a config.json as it stands, since saving from transformers puts every field in its newest form."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(written))
    config = AutoConfig.from_pretrained(folder, attn_implementation="eager")
    save(folder, config)
    (folder / "config.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")


def save(folder, config):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval().float()
    fill(model)
    ids = torch.randint(1, 24, (1, length), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        result = model(ids, output_hidden_states=True, use_cache=False)
    with torch.no_grad():
        inputs = layer_inputs(model, ids, result.hidden_states)
    model.save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    save_file({key: value.half() for key, value in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    for key, value in tensors.items():
        assert torch.equal(value, value.half().float()), (folder.name, key)
    save_file(
        {
            "input_ids": ids.int(),
            "logits": result.logits.float().contiguous(),
            "hidden": torch.stack(inputs).float().contiguous(),
        },
        folder / "reference.safetensors",
    )
    for extra in folder.glob("generation_config.json"):
        extra.unlink()
    config = json.loads((folder / "config.json").read_text())
    config["dtype"] = "float16"
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


