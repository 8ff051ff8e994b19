/** Config files as they are published are read, and what a family has never heard of is refused. */

import type { Module } from "@mlxterp/mlx";
import { listParameters } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { UnsupportedConfigError } from "../errors.js";
import { familyChecks } from "../test-support/family-checks.js";
import { families, familyOf } from "./index.js";

function read(modelType: string, changed: Readonly<Record<string, unknown>> = {}): unknown {
  const json = {
    architectures: ["X"],
    ...familyChecks.get(modelType)?.published,
    model_type: modelType,
  };
  const text = JSON.stringify({ ...json, ...changed });
  const family = familyOf(JSON.parse(text), "config.json");
  if ("build" in family)
    return parameterShapes(family.build(JSON.parse(text), "config.json").module);
  return family.describe(JSON.parse(text), "config.json");
}

/** What a description is compared by where a family makes its module itself. */
function parameterShapes(module: Module): Record<string, readonly number[]> {
  const entries = [...listParameters(module)].map(([path, { shape }]) => [path, shape] as const);
  return Object.fromEntries(entries);
}

/** A field that says how large a model is, where it has no vocabulary of its own. */
const sizeFields: Readonly<Record<string, string>> = {
  ...{ vit: "image_size", clip: "projection_dim" },
};

describe.each(families.map(({ modelType }) => modelType))("%s", (modelType) => {
  it("reads a typical published file, with all that it carries beside", () => {
    const size = sizeFields[modelType] ?? "vocab_size";
    expect(familyChecks.get(modelType)).toHaveProperty(`published.${size}`);
    expect(read(modelType)).toBeDefined();
  });

  it("lesson: a field of another family, or of a later version, was passed over in silence", () => {
    for (const field of ["attention_sink_size", "use_alibi", "rope_scaling_v2", "hidden_scale"]) {
      const attempt = () => read(modelType, { [field]: 2 });
      expect(attempt).toThrow(UnsupportedConfigError);
      expect(attempt).toThrow(field);
    }
  });

  it("takes any field that says that what it is about is not there", () => {
    const unset = { use_alibi: false, hidden_scale: null, extra_layers: [], adapters: {} };
    expect(read(modelType, unset)).toEqual(read(modelType));
  });
});
