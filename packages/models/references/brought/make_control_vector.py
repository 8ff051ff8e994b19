#!/usr/bin/env python3
"""Makes a control vector as repeng writes one, with the writer of llama.cpp, and what a model computes with it.

    venv/bin/pip install gguf==0.19.0      (beside what make.py needs)
    venv/bin/python packages/models/references/brought/make_control_vector.py

Run by hand, never by tests. The model is `adapters/base`; expected.json: token ids, the scale, and the logits of the last token.
"""

import json
from pathlib import Path

import gguf
import torch

from make import base, fresh, ids

SCALE = 1.5


def main():
    model = base()
    generator = torch.Generator().manual_seed(7)
    direction = torch.randn(model.config.hidden_size, generator=generator)
    folder = fresh("control-vector")
    writer = gguf.GGUFWriter(folder / "happy.gguf", "controlvector")
    writer.add_string("controlvector.model_hint", model.config.model_type)
    writer.add_uint32("controlvector.layer_count", 1)
    writer.add_tensor("direction.1", direction.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    model.model.layers[1].register_forward_hook(
        lambda _module, _inputs, output: (output[0] + SCALE * direction, *output[1:]) if isinstance(output, tuple)
        else output + SCALE * direction)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
    expected = {"ids": ids, "scale": SCALE, "logits": logits.tolist()}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
