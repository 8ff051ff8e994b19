#!/usr/bin/env python3
"""Writes what the configuration classes of `transformers` have where a config.json does not say, to `defaults.json`.

    venv/bin/python packages/models/references/defaults.py

Of each family, with few layers: every field that changes what is computed. Run by hand, never by tests, which read each file
without one field after the other.
"""

import json
import os
import re
from pathlib import Path

os.environ.update(USE_TORCH="0", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

from transformers import CONFIG_MAPPING

HERE = Path(__file__).parent
FAMILIES = HERE.parent / "src" / "families"
LAYERS = 4
COUNTS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers")
# Where the class's own numbers fit no model of so few layers.
FITTING = {
    "gemma3n_text": {"num_kv_shared_layers": 1},
    "gpt_neo": {"attention_types": [[["global", "local"], LAYERS // 2]]},
    "recurrent_gemma": {},
}
# Training, generation, labels, and what is read from the weights.
UNREAD = re.compile(
    r"drop|initializer|init_|_init|_token_id$|aux_loss|z_loss|^_|^output_|^return_dict|jitter|_name_or_path|^id2label|^label2id|^time_step_(min|max|floor|scale)"
    r"|^(use_cache|architectures|dtype|transformers_version|model_type|problem_type|chunk_size_feed_forward|pretraining_tp|is_encoder_decoder"
    r"|summary_.*|text_config|vision_config|bos_token|eos_token|use_mambapy|rescale_prenorm_residual|time_step_limit)$"
)


def fields_of(family):
    kind = CONFIG_MAPPING[family]
    fitting = FITTING.get(family, {})
    names = [name for name in COUNTS if name in kind.__dataclass_fields__]
    written = kind(**{name: LAYERS for name in names}, **fitting).to_dict()
    return {name: value for name, value in sorted(written.items()) if not UNREAD.search(name)}


def main():
    folders = sorted(file.parent.name for file in FAMILIES.glob("*/checks.json"))
    lines = [f"{json.dumps(family)}: {json.dumps(fields_of(family))}" for family in folders]
    (HERE / "defaults.json").write_text("{\n" + ",\n".join(f"  {line}" for line in lines) + "\n}\n")


if __name__ == "__main__":
    main()
