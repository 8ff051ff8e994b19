"""Writes checkpoints with heads of their own: classifiers as transformers has them, vectors as sentence-transformers makes them.

Fields that are no part of config.json: `length`, `pooling` (names of ways), `dense` (widths), `normalize`, `prompts`.
"""

import copy
import json
import shutil
import zlib

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoModelForTokenClassification

from .complete import EAGER, EPSILONS, LENGTH
from .weights import initialise

OWN = ("length", "pooling", "dense", "normalize", "prompts")
CLASSES = {"sequence": AutoModelForSequenceClassification, "token": AutoModelForTokenClassification, "embedding": AutoModel}


def build(kind, family, case, seed):
    config = AutoConfig.for_model(family, **{key: copy.deepcopy(v) for key, v in case.items() if key not in OWN})
    for key in EPSILONS:
        if hasattr(config, key):
            setattr(config, key, 0.01)
    model = CLASSES[kind].from_config(config, **EAGER).eval()
    generator = torch.Generator().manual_seed(seed)
    initialise(model, generator, {})
    ids = torch.randint(3, config.vocab_size, (2, case.get("length", LENGTH)), generator=generator)
    return model, ids, generator


def vectors(case, model, generator):
    """What makes a vector of a text, as sentence-transformers has it."""
    from sentence_transformers.models import Dense, Normalize, Pooling

    modes = case.get("pooling", ["mean"])
    modules = [Pooling(model.config.hidden_size, pooling_mode=modes[0] if len(modes) == 1 else tuple(modes))]
    width = model.config.hidden_size * len(modes)
    for out in case.get("dense", []):
        layer = Dense(width, out, bias=out % 2 == 0)
        for parameter in layer.parameters():
            parameter.data = (torch.randn(parameter.shape, generator=generator) / width**0.5).half().float()
        modules.append(layer.eval())
        width = out
    if case.get("normalize"):
        modules.append(Normalize())
    return modules


def outputs(kind, model, modules, ids, mask=None):
    result = model(input_ids=ids, attention_mask=mask, output_hidden_states=True, output_attentions=True)
    if kind != "embedding":
        return result, result.logits
    features = {"token_embeddings": result.last_hidden_state,
                "attention_mask": torch.ones_like(ids) if mask is None else mask}
    for module in modules:
        features = module(features)
    return result, features["sentence_embedding"]


def make(folder, path, kind, family, case):
    model, ids, generator = build(kind, family, case, zlib.crc32(path.encode()) % 1_000_000)
    modules = vectors(case, model, generator) if kind == "embedding" else []
    with torch.enable_grad():
        result, output = outputs(kind, model, modules, ids)
        scores = output[0, -1] if output.dim() == 3 else output[0]
        gradient, = torch.autograd.grad(scores[0] - scores[1], result.hidden_states[1])
    tensors = {"input_ids": ids, "logits": output, "grad.hidden.1": gradient}
    tensors |= {f"hidden.{i}": h for i, h in enumerate(result.hidden_states)}
    tensors |= {f"attn.{i}": a for i, a in enumerate(result.attentions)}
    real = ids.shape[1] - 5
    mask = torch.ones_like(ids)
    mask[0, real:] = 0
    padded = torch.where(mask == 1, ids, model.config.pad_token_id)
    _, padded_output = outputs(kind, model, modules, padded, mask)
    tensors |= {"padded_input_ids": padded, "padded_mask": mask, "padded_logits": padded_output}
    write(folder, kind, case, model, modules, tensors)
    return {"output_std": output.std().item()}


def write(folder, kind, case, model, modules, tensors):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text()) | {"dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    weights = {key: value.half() for key, value in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    for extra in folder.glob("generation_config.json"):
        extra.unlink()
    if kind == "embedding":
        write_modules(folder, case, modules)
    narrow = {key: t.detach().clone().contiguous() for key, t in tensors.items()}
    narrow = {key: t.to(torch.int32) if t.dtype == torch.int64 else t for key, t in narrow.items()}
    save_file(narrow, folder / "reference.safetensors")


def write_modules(folder, case, modules):
    listed = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for index, module in enumerate(modules, 1):
        kind = type(module)
        path = f"{index}_{kind.__name__}"
        (folder / path).mkdir()
        module.save(str(folder / path))
        listed.append({"idx": index, "name": str(index), "path": path, "type": f"{kind.__module__}.{kind.__name__}"})
    (folder / "modules.json").write_text(json.dumps(listed, indent=1) + "\n")
    if prompts := case.get("prompts"):
        (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}, indent=1) + "\n")
