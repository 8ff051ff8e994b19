/** Fields that a file leaves out, sets to null or spells as two versions of transformers read differently. */
import { readFileSync } from "node:fs";
import type { Module } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { settleRandomState } from "../decoder/random-state.js";
import { UnsupportedConfigError } from "../errors.js";
import { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { familyChecks } from "../test-support/family-checks.js";
import { families, familyOf } from "./index.js";
import type { Family, ModuleFamily } from "./shared/family.js";

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
    ["qwen3_5_text", { partial_rotary_factor: null }, /partial_rotary_factor is null/],
  ])("%s with %j", (modelType, changed, message) => {
    expect(() => read(modelType, changed)).toThrow(UnsupportedConfigError);
    expect(() => read(modelType, changed)).toThrow(message);
  });

  it.each([
    ["gelu_python", "gelu"],
    ["gelu_accurate", "gelu_new"],
    ["gelu_python_tanh", "gelu_new"],
    ["swish", "silu"],
  ])("but %s is another name of %s", (name, usual) => {
    expect(read("llama", { hidden_act: name })).toEqual(read("llama", { hidden_act: usual }));
  });

  it("and says the kind of rotation under the name that the file has for it", () => {
    expect(() => read("llama", { rope_scaling: { type: "ntk", factor: 2 } })).toThrow(
      /rope_type is "ntk"/,
    );
  });
});

/** What the classes of transformers have, with few layers; see `references/defaults.py`. */
const defaults: Readonly<Record<string, Fields>> = JSON.parse(
  readFileSync(new URL("../../references/defaults.json", import.meta.url), "utf8"),
);

/** What the table says in place of a class, and factors of 1, which are not there where a file leaves them out. */
const stated: Readonly<Record<string, readonly string[]>> = {
  falcon_h1: ["mlp_multipliers", "ssm_multipliers"],
  gemma3n_text: ["num_kv_shared_layers"],
};
/** A class that describes no model: it mixes experts, and chooses none. */
const chosen: Readonly<Record<string, Fields>> = { deepseek_v2: { num_experts_per_tok: 6 } };

function describeWhole(family: Family | ModuleFamily, json: Fields): unknown {
  if (!("build" in family)) return family.describe(json, "config.json");
  const { open } = family.build(json, "config.json");
  settleRandomState();
  const parts = { name: "x", notes: [], eosTokens: [] } as unknown as Parameters<typeof open>[0];
  return Reflect.get(open(parts), "config");
}

describe("lesson: 25 families had as many heads of keys as heads where their file did not say", () => {
  const layerCounts = ["num_hidden_layers", "num_layers", "n_layer", "n_layers"];

  it.each(families.map((family) => [family.modelType, family] as const))(
    "%s is what its class in transformers is, where a file says nothing but the number of layers",
    (modelType, family) => {
      const all = { ...defaults[modelType], ...chosen[modelType] };
      const keeps = [...layerCounts, ...Object.keys(chosen[modelType] ?? {})];
      const names = [...keeps, ...(stated[modelType] ?? [])].filter((name) => name in all);
      const few = Object.fromEntries(names.map((name) => [name, Reflect.get(all, name)]));
      const expected = describeWhole(family, { model_type: modelType, ...all });
      expect(expected).toBeDefined();
      expect(describeWhole(family, { model_type: modelType, ...few })).toEqual(expected);
    },
  );

  it("null is another answer than none: as many as heads", () => {
    const kvHeads = (given: unknown) => {
      const { layers } = read("mistral", { num_key_value_heads: given }) as {
        readonly layers: readonly { readonly attention: { readonly kvHeads: number } }[];
      };
      return layers[0].attention.kvHeads;
    };
    expect([kvHeads(undefined), kvHeads(null), kvHeads(2)]).toEqual([8, 4, 2]);
  });

  it.each([
    ["cohere", "rope_theta"],
    ["persimmon", "rope_theta"],
    ["falcon_h1", "rope_theta"],
    ["olmo3", "rope_theta"],
    ["deepseek_v2", "vocab_size"],
  ])(
    "%s: %s left out by an older version, which has another default, is refused",
    (modelType, field) => {
      const without = { [field]: undefined, rope_parameters: undefined, rope_scaling: undefined };
      const older = () => read(modelType, { ...without, transformers_version: "4.57.1" });
      expect(older).toThrow(new RegExp(`${field} is missing.*transformers 4.57.1`));
      expect(read(modelType, { ...without, transformers_version: "5.18.0" })).toBeDefined();
    },
  );
});
