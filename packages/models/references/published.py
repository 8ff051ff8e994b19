#!/usr/bin/env python3
"""Writes beside each config.json of a published model what transformers makes of it: parameters, and how positions turn.

    venv/bin/python packages/models/references/published.py              all families
    venv/bin/python packages/models/references/published.py llama phi3   some of them

The files are `src/families/<model_type>/published.json`, and that of `wrappers`: what all models say (`all`), and each one's own
fields (`config`), on top of another's where it says which one it is `like`; of a wrapper the text's part counts. Models that are
called "option: …" were not published: they are what the class can do besides, where fewer than ten are. `is` is written here; nothing is downloaded, and no weight is made. Run by hand, never by tests.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageClassification, AutoModelForImageTextToText, AutoModelForMaskedLM, AutoModelForSeq2SeqLM

SOURCES = Path(__file__).parents[1] / "src"
FILES = [*sorted((SOURCES / "families").glob("*/published.json")), SOURCES / "checkpoint" / "wrappers" / "published.json"]
TEXT = re.compile(r"lm_head\.|model\.(language_model|text_model)\.")
ENCODERS = ("bert", "camembert", "distilbert", "modernbert", "roberta", "xlm-roberta")
OTHERS = {"clip": AutoModel, "vit": AutoModelForImageClassification, "t5": AutoModelForSeq2SeqLM}
# Of other programs, or in formats whose weights are the same numbers.
UNREAD = ("auto_map", "custom_pipelines", "quantization_config")
# Buffers that files hold.
STORED = ("layer_scalar", "e_score_correction_bias", "act_fn.beta", "act_fn.eps")
# What its class says before the first forward is not what it computes.
LATE_ROTATION = ("phimoe",)


def model_of(config, family):
    auto = OTHERS.get(family, AutoModelForMaskedLM if family in ENCODERS else AutoModelForCausalLM)
    with torch.device("meta"):
        return (AutoModelForImageTextToText if family == "wrappers" else auto).from_config(config, attn_implementation="eager")


def count(model, wrapped):
    stored = [b for name, b in model.named_buffers() if name.endswith(STORED)]
    parameters = [p for name, p in model.named_parameters() if TEXT.match(name) or not wrapped]
    return sum(t.numel() for t in [*parameters, *stored])


def rotations(model, config):
    """The wave numbers of each kind of layer, three of them, and what multiplies rotated vectors."""
    modules = model.named_modules()
    module = next((m for name, m in modules if name.endswith("rotary_emb") and "vis" not in name), None)
    if module is None:
        return {}
    module, found = type(module)(config.get_text_config()), {}
    for name, waves in module.named_buffers():
        if name.endswith("inv_freq") and "original" not in name:
            kind = name.removesuffix("inv_freq")
            factor = getattr(module, f"{kind}attention_scaling", 1.0)
            values = [float(f"{value:.6g}") for value in waves.tolist()]
            found[kind.rstrip("_") or "all"] = {
                "pairs": len(values), "waves": [values[0], values[len(values) // 2], values[-1]], "factor": float(f"{factor:.6g}")}
    return found


def what_is(family, fields):
    with tempfile.TemporaryDirectory() as folder:
        written = {key: value for key, value in fields.items() if key not in UNREAD}
        Path(folder, "config.json").write_text(json.dumps({"model_type": family} | written))
        config = AutoConfig.from_pretrained(folder)
    model = model_of(config, family)
    turning = {} if family in LATE_ROTATION or getattr(config, "alibi", False) else rotations(model, config)
    return {"parameters": count(model, family == "wrappers")} | ({"rotation": turning} if turning else {})


def whole(content, model):
    """What all say, what the model says that it is like, and its own."""
    like = content["models"][model["like"]]["config"] if "like" in model else {}
    return content["all"] | like | model["config"]


def main():
    for file in FILES:
        family = file.parent.name
        if sys.argv[1:] and family not in sys.argv[1:]:
            continue
        content = json.loads(file.read_text())
        for name, model in content["models"].items():
            try:
                model["is"] = what_is(family, whole(content, model))
            except Exception as error:  # what transformers does not read has nothing to be compared with
                print(f"{family} {name}: {error!r}"[:200], flush=True)
        file.write_text(json.dumps(content, indent=1) + "\n")


main()
