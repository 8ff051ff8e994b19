"""Writes complete checkpoints: files, and every value that `README.md` lists."""

import copy
import json
import zlib

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM

from .values import ENCODERS, WITHOUT_ATTENTION, acceptable, forward, reference
from .weights import initialise

OPTIONS = ("type", "length", "gain", "rewrite", "notes")
EPSILONS = ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps")

LENGTH = 12
EAGER = dict(attn_implementation="eager", experts_implementation="eager")


def auto_class(model_type):
    return AutoModelForMaskedLM if model_type in ENCODERS else AutoModelForCausalLM


def load(folder):
    model_type = json.loads((folder / "config.json").read_text())["model_type"]
    return auto_class(model_type).from_pretrained(folder, dtype=torch.float32, **EAGER).eval()


def build(name, case, seed):
    model_type = case.get("type", name)
    settings = {key: copy.deepcopy(value) for key, value in case.items() if key not in OPTIONS}
    config = AutoConfig.for_model(model_type, **settings)
    for key in EPSILONS:
        if hasattr(config, key):
            setattr(config, key, 0.01)  # far above the usual 1e-5, so that a wrong epsilon shows
    model = auto_class(model_type).from_config(config, **EAGER).eval()
    generator = torch.Generator().manual_seed(seed)
    initialise(model, generator, case.get("gain", {}))
    ids = torch.randint(3, config.vocab_size, (2, case.get("length", LENGTH)), generator=generator)
    return model, ids


def make(folder, name, case):
    """Makes the checkpoint from the first seed without close calls, and returns its statistics."""
    base = zlib.crc32(name.encode()) % 1_000_000
    for seed in range(base, base + 2000):  # the first seed without close calls
        model, ids = build(name, case, seed)
        tensors, stats = reference(model, ids)
        if acceptable(stats):
            break
    else:
        raise RuntimeError(f"{name}: no acceptable seed, last {stats}")

    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    config, weights = json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")
    config["dtype"] = "float16"  # which holds every weight exactly, in half the room
    if rewrite := case.get("rewrite"):
        rewrite(config, weights)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    weights = {key: value.half() for key, value in weights.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    again = load(folder)  # the reference comes from the files, as a reader of them would compute it
    reloaded, _ = reference(again, ids)
    for key, value in tensors.items():
        assert torch.equal(value, reloaded[key]), f"{name}: {key} changed when the files were loaded back"
    stats["float64_difference"] = (forward(again.double(), ids).logits - tensors["logits"]).abs().max().item()
    narrow = {key: t.to(torch.int32) if t.dtype == torch.int64 else t for key, t in tensors.items()}
    save_file(narrow, folder / "reference.safetensors")
    description = describe(name, case, seed, model, narrow, stats)
    (folder / "reference.json").write_text(json.dumps(description, indent=2) + "\n")
    return stats | {"parameters": model.num_parameters()}


def describe(name, case, seed, model, tensors, stats):
    layers, last = model.config.num_hidden_layers, tensors["last_layer"]
    final = tensors[f"hidden.{layers}"]
    normed = final.shape == last.shape and not torch.equal(final, last)
    outputs = [f"output of layer {i}" for i in range(layers)]
    hidden = outputs if model.config.model_type in WITHOUT_ATTENTION else ["input of layer 0"] + outputs[:-1]
    end = "after project_out" if final.shape != last.shape else outputs[-1] + "; no norm follows"
    hidden = hidden + ["after the final norm" if normed else end]
    real = tensors["input_ids"].shape[1] - 5
    tied = model.get_input_embeddings().weight is model.get_output_embeddings().weight
    kinds = {key: f"{str(t.dtype).removeprefix('torch.')} {list(t.shape)}" for key, t in sorted(tensors.items())}
    return {
        "name": name, "family": model.config.model_type, "architecture": type(model).__name__,
        "transformers": transformers.__version__, "torch": torch.__version__.split("+")[0], "seed": seed,
        "dtype": "float32", "attention": "eager", "parameters": model.num_parameters(), "tied_embeddings": tied,
        "files": case["rewrite"].__doc__ if "rewrite" in case else "As save_pretrained writes them.",
        "hidden": {f"hidden.{i}": text for i, text in enumerate(hidden)},
        "final_hidden_is_after_final_norm": normed,
        "last_layer": f"Output of layer {layers - 1}, before any final norm.",
        "gradient": "grad.hidden.1 is d(logits[0, -1, 5] - logits[0, -1, 7]) / d hidden.1",
        "padding": f"Row 0 of padded_input_ids keeps its first {real} tokens, the rest are pads (padded_mask 0); "
                   "padded_logits mean something only where padded_mask is 1.",
        "generated": "Row 1 of input_ids, then 8 greedy tokens, every step a full forward without a cache."
                     if "generated" in tensors else None,
        "notes": case.get("notes"),
        "stats": {key: float(f"{value:.4g}") for key, value in stats.items()},
        "tensors": kinds,
    }
