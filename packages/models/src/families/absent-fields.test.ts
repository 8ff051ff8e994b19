/** Fields that a file leaves out, sets to null or spells as two versions of transformers read differently. */
import type { Module } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { UnsupportedConfigError } from "../errors.js";
import { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { familyChecks } from "../test-support/family-checks.js";
import { familyOf } from "./index.js";

type Fields = Readonly<Record<string, unknown>>;

/** A family's published file with other fields; without those that are undefined. */
function read(modelType: string, changed: Fields): unknown {
  const json = { ...familyChecks.get(modelType)?.published, ...changed, model_type: modelType };
  const text = JSON.parse(JSON.stringify(json));
  const family = familyOf(text, "config.json");
  return "build" in family
    ? family.build(text, "config.json").module
    : family.describe(text, "config.json");
}

function recurrent(modelType: string, changed: Fields): RecurrentDecoder {
  const module = read(modelType, changed) as Module;
  if (module instanceof RecurrentDecoder) return module;
  throw new RangeError(`${modelType} is not recurrent.`);
}

describe("lesson: what a file does not say is what transformers has", () => {
  it("an epsilon of 1e-5 in LFM2, where Llama has 1e-6", () => {
    const { layers, finalNorm } = recurrent("lfm2", {
      norm_eps: undefined,
      block_norm_eps: undefined,
    });
    expect(layers.map(({ inputNorm }) => inputNorm.epsilon)).toEqual(layers.map(() => 1e-5));
    expect(finalNorm?.epsilon).toBe(1e-5);
  });

  it("null is off in Falcon H1, where the field left out is on", () => {
    const order = (given: unknown) => {
      const changed = { mamba_rms_norm: true, mamba_norm_before_gate: given };
      const [{ mixer }] = recurrent("falcon_h1", changed).layers;
      return (Reflect.get(mixer ?? {}, "config") as Fields).normBeforeGate;
    };
    expect([order(undefined), order(null), order(true), order(false)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

const linear = { type: "linear", factor: 8 };
const yarn = {
  rope_type: "yarn",
  factor: 4,
  original_max_position_embeddings: 64,
  truncate: false,
};
const byKind = (full: Fields) => ({
  full_attention: { rope_theta: 1e6, ...full },
  sliding_attention: { rope_type: "default", rope_theta: 1e4 },
});

describe("lesson: what means two things in two versions of transformers is refused by name", () => {
  it.each([
    ["gemma3_text", { rope_scaling: linear }, /rope_scaling is .*say `rope_type`/],
    ["modernbert", { rope_scaling: linear }, /rope_scaling is .*say `rope_type`/],
    ["gemma3_text", { rope_parameters: byKind(yarn) }, /full_attention is .*truncate/],
    ["glm", { partial_rotary_factor: null }, /partial_rotary_factor is null/],
    ["stablelm", { partial_rotary_factor: null }, /partial_rotary_factor is null/],
  ])("%s with %j", (modelType, changed, message) => {
    expect(() => read(modelType, changed)).toThrow(UnsupportedConfigError);
    expect(() => read(modelType, changed)).toThrow(message);
  });

  it("and says the kind of rotation under the name that the file has for it", () => {
    expect(() => read("llama", { rope_scaling: { type: "ntk", factor: 2 } })).toThrow(
      /rope_type is "ntk"/,
    );
  });
});
