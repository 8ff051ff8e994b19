#!/usr/bin/env python3
"""Makes the reference checkpoints of this folder, and others on request: what transformers computes from small files.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 transformers==5.18.0 safetensors numpy sentence-transformers==6.0.1
    venv/bin/python packages/models/references/make.py                  all that ships
    venv/bin/python packages/models/references/make.py llama phi/tied   some of it: a family, or one checkpoint
    venv/bin/python packages/models/references/make.py --variations --out DIR

Run by hand, never by tests. The same versions give the same bytes. README.md says what the files hold.
"""

import argparse
import os
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import torch
import transformers

from generator import complete, encoder_decoder, headed, image_text, small, vision
from generator.families import BASE, ENCODER_DECODER, HEADED, IMAGE_TEXT, SETTINGS, VISION, WRITTEN
from generator.variations import VARIATIONS

here = Path(__file__).parent


def shipped():
    """Name -> what makes it, in a folder that is given."""
    makers = {}
    for name, case in BASE.items():
        path = name if "/" in name else f"{name}/base"
        makers[path] = lambda folder, name=name, case=case: complete.make(folder, name, case)
    for path, (model_type, fields) in SETTINGS.items():
        makers[path] = lambda folder, kind=model_type, fields=fields: small.make(folder, kind, fields)
    for path, written in WRITTEN.items():
        makers[path] = lambda folder, written=written: small.make_from_file(folder, written)
    for path, (family, kind, fields) in HEADED.items():
        makers[path] = lambda folder, path=path, kind=kind, family=family, fields=fields: headed.make(
            folder, path, kind, family, fields)
    for path, (family, fields) in VISION.items():
        makers[path] = lambda folder, path=path, family=family, fields=fields: vision.make(folder, path, family, fields)
    for path, (family, fields) in ENCODER_DECODER.items():
        makers[path] = lambda folder, path=path, family=family, fields=fields: encoder_decoder.make(
            folder, path, family, fields)
    for path, (family, fields) in IMAGE_TEXT.items():
        makers[path] = lambda folder, path=path, family=family, fields=fields: image_text.make(folder, path, family, fields)
    return makers


def variations():
    return {
        path: lambda folder, path=path, case=case: complete.make(folder, path, case) for path, case in VARIATIONS.items()
    }


def wanted(path, names):
    return not names or path in names or path.split("/")[0] in names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="families, or checkpoints such as phi/tied; all when absent")
    parser.add_argument("--variations", action="store_true", help="what does not ship: real checkpoints' variations")
    parser.add_argument("--out", type=Path, default=here, help="the folder to write into")
    options = parser.parse_args()
    if options.variations and options.out == here:
        parser.error("--variations needs --out: they do not ship")
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    failed = []
    for path, maker in (variations() if options.variations else shipped()).items():
        if not wanted(path, options.names):
            continue
        try:
            with torch.no_grad():
                stats = maker(options.out / path)
            size = sum(file.stat().st_size for file in (options.out / path).iterdir())
            print(f"{path:44}{size:8} bytes", *(f"{key} {value:.3g}" for key, value in (stats or {}).items()), flush=True)
        except Exception as error:  # what could not be made is listed at the end
            failed.append(f"{path}: {error!r}")
    if failed:
        raise SystemExit("\n".join(["failed:", *failed]))


if __name__ == "__main__":
    main()
