#!/usr/bin/env python3
"""Makes the files of this folder: what torch.save writes, and what torch reads of them.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 numpy
    venv/bin/python packages/mlx/references/torch-files/make.py

Run by hand, never by tests.
"""

import collections
import json
import os
import pickle
from pathlib import Path

import torch

here = Path(__file__).parent


class Stranger:
    """An object of a class, which no reader of plain values may make."""


class Caller:
    def __reduce__(self):
        return (os.system, ("echo harm",))


def described(value):
    if isinstance(value, torch.Tensor):
        plain = value.detach().contiguous()
        if plain.dtype == torch.bool:
            plain = plain.int()
        numbers = plain.double() if plain.is_floating_point() else plain
        return {"shape": list(value.shape), "dtype": str(value.dtype), "numbers": numbers.flatten().tolist()}
    if isinstance(value, dict):
        return {key: described(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [described(inner) for inner in value]
    return value


base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
shared = torch.arange(10, dtype=torch.float32)
tensors = {
    "plain": base,
    "transposed": base.T,
    "permuted": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).permute(2, 0, 1),
    "rows": base[1:3],
    "columns": base[:, 1::2],
    "repeated": torch.tensor([1.5, -2.0]).expand(3, 2),
    "scalar": torch.tensor(0.25),
    "empty": torch.zeros(0, 3),
    "first half": shared[:5],
    "second half": shared[5:],
    "parameter": torch.nn.Parameter(torch.tensor([[1.0, 2.0]])),
    "half": torch.tensor([0.1, -65504.0, 6e-8], dtype=torch.float16),
    "bfloat16": torch.tensor([0.1, -3e38, 1e-40], dtype=torch.bfloat16),
    "double": torch.tensor([0.1, 2.0], dtype=torch.float64),
    "long": torch.tensor([-5, 2**40]),
    "int": torch.tensor([-5, 7], dtype=torch.int32),
    "short": torch.tensor([-5, 7], dtype=torch.int16),
    "char": torch.tensor([-5, 7], dtype=torch.int8),
    "byte": torch.tensor([5, 250], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
}
module = torch.nn.Sequential(collections.OrderedDict(up=torch.nn.Linear(2, 3), down=torch.nn.Linear(3, 2)))
with torch.no_grad():
    for parameter in module.parameters():
        parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) / 4)
nested = {
    "model": module.state_dict(),
    "cfg": {"d_in": 2, "rate": 1e-3, "name": "größe", "flags": [True, None, -3, 2**40, 2**70], "pair": (1, "two")},
    "layers": [torch.ones(1), {"b": torch.zeros(2)}],
}
written = {
    "tensors.pt": (tensors, {}),
    "tensors-old.pt": (tensors, {"_use_new_zipfile_serialization": False}),
    "nested.pt": (nested, {}),
    "nested-old.pt": (nested, {"_use_new_zipfile_serialization": False}),
    "nested-protocol-4.pt": (nested, {"pickle_protocol": 4}),
}
refused = {
    "object.pt": ({"a": torch.ones(1), "cfg": Stranger()}, {}),
    "call.pt": ({"a": Caller()}, {}),
    "call-old.pt": ({"a": Caller()}, {"_use_new_zipfile_serialization": False}),
}


def main():
    expected = {}
    for name, (value, options) in written.items():
        torch.save(value, here / name, **options)
        expected[name] = described(torch.load(here / name, weights_only=False))
    for name, (value, options) in refused.items():
        torch.save(value, here / name, **options)
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), here / "script.pt")
    (here / "plain.pkl").write_bytes(pickle.dumps({"a": 1}))
    (here / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
