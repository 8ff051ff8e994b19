"""The checkpoints that ship, from `references.json` in each family's folder.

`complete` are compared in every respect, `settings` in miniature; `files` are config.json files as they stand,
`headed` have heads of their own (`sequence`, `token`, `embedding`, perhaps with more behind a hyphen), `vision` read pixels, `encoderDecoder` read one text and write another, `imageText` compare texts with pictures. `base` is
the plain checkpoint of a family, as small as all that it does allows.
"""

import json
from pathlib import Path

FAMILIES = Path(__file__).parents[2] / "src" / "families"

# Not part of a complete checkpoint's config: `length` (sequence length), `gain` (how to draw some matrices, see
# `weights.py`), `rewrite` (how older files differ), `notes`.


def cases(kind):
    """(family, name of the checkpoint, fields), of every family."""
    for file in sorted(FAMILIES.glob("*/references.json")):
        for name, fields in json.loads(file.read_text()).get(kind, {}).items():
            yield file.parent.name, name, fields


def _complete():
    for family, name, fields in cases("complete"):
        yield (family, fields) if name == "base" else (f"{family}/{name}", {**fields, "type": family})


BASE = dict(_complete())
SETTINGS = {f"{family}/{name}": (family, fields) for family, name, fields in cases("settings")}
HEADED = {f"{family}/{name}": (family, name.split("-")[0], fields) for family, name, fields in cases("headed")}
VISION = {f"{family}/{name}": (family, fields) for family, name, fields in cases("vision")}
ENCODER_DECODER = {f"{family}/{name}": (family, fields) for family, name, fields in cases("encoderDecoder")}
IMAGE_TEXT = {f"{family}/{name}": (family, fields) for family, name, fields in cases("imageText")}
WRITTEN = {f"{family}/{name}": fields for family, name, fields in cases("files")}


def rope(theta=10000.0, kind="default", **rest):
    return {"rope_type": kind, "rope_theta": theta, **rest}
