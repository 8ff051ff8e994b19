/** Configs of published checkpoints: the older spelling of each family, and what no family may ignore. */
import { describe, expect, it } from "vitest";
import { checkDecoderConfig } from "../decoder/config/config-rules.js";
import { UnsupportedConfigError } from "../errors.js";
import { families } from "./index.js";
import type { Family } from "./shared/family.js";

const sizes = {
  vocab_size: 19,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  max_position_embeddings: 64,
};
const gptSizes = { vocab_size: 19, n_embd: 32, n_layer: 4, n_head: 4, n_positions: 64 };
const { intermediate_size: _, num_key_value_heads: __, head_dim: ___, ...earlySizes } = sizes;

/** Sizes under the names of a family: what it does not know it refuses. */
function sizesOf(modelType: string): object {
  if (["gpt2", "gpt_bigcode", "gptj"].includes(modelType)) return gptSizes;
  if (modelType === "opt") return { ...earlySizes, ffn_dim: 48 };
  if (modelType === "bloom") return { ...earlySizes, max_position_embeddings: undefined };
  return ["falcon", "gpt_neo"].includes(modelType) ? earlySizes : sizes;
}

function family(modelType: string): Family {
  const found = families.find((candidate) => candidate.modelType === modelType);
  if (!found || "build" in found) throw new RangeError(`${modelType} is no family of decoders.`);
  return found;
}
const describeAs = (modelType: string, json: object) =>
  // A file has no undefined fields.
  family(modelType).describe(JSON.parse(JSON.stringify(json)), "config.json");

const rope = (theta: number, rest: object = {}) => ({
  rope_parameters: { rope_type: "default", rope_theta: theta, ...rest },
});

/** Family, fields of transformers 5, the same in older files. */
const pairs: [string, object, object][] = [
  ["mistral", { ...rope(1e6), sliding_window: 4096 }, { rope_theta: 1e6 }],
  ["qwen2", { ...rope(1e6), layer_types: Array(4).fill("full_attention") }, { rope_theta: 1e6 }],
  [
    "qwen2",
    {
      ...rope(1e6),
      layer_types: [0, 0, 1, 1].map((on) => (on ? "sliding_attention" : "full_attention")),
      sliding_window: 8,
      use_sliding_window: true,
    },
    { rope_theta: 1e6, max_window_layers: 2, sliding_window: 8, use_sliding_window: true },
  ],
  ["qwen3", rope(1e6), { rope_theta: 1e6, rope_scaling: null }],
  [
    "gemma",
    { hidden_act: "gelu_pytorch_tanh" },
    { hidden_act: "gelu", hidden_activation: "gelu_pytorch_tanh" },
  ],
  [
    "gemma2",
    {
      layer_types: ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
      attn_logit_softcapping: 50,
      final_logit_softcapping: 30,
    },
    { rope_theta: 10_000 },
  ],
  [
    "gemma3_text",
    {
      layer_types: ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
      rope_parameters: {
        full_attention: { rope_type: "linear", factor: 8, rope_theta: 1e6 },
        sliding_attention: { rope_type: "default", rope_theta: 5000 },
      },
    },
    {
      sliding_window_pattern: 2,
      rope_theta: 1e6,
      rope_local_base_freq: 5000,
      rope_scaling: { rope_type: "linear", factor: 8 },
    },
  ],
  ["phi", rope(10_000, { partial_rotary_factor: 0.25 }), { partial_rotary_factor: 0.25 }],
  [
    "phi3",
    {
      rope_parameters: {
        rope_type: "longrope",
        rope_theta: 1e4,
        short_factor: [1, 1, 1, 1],
        long_factor: [2, 2, 2, 2],
      },
      original_max_position_embeddings: 16,
    },
    {
      rope_scaling: { type: "su", short_factor: [1, 1, 1, 1], long_factor: [2, 2, 2, 2] },
      original_max_position_embeddings: 16,
    },
  ],
  [
    "gpt_neox",
    rope(2e4, { partial_rotary_factor: 0.5 }),
    { rotary_pct: 0.5, rotary_emb_base: 2e4 },
  ],
  [
    "stablelm",
    rope(10_000, { partial_rotary_factor: 0.5 }),
    { partial_rotary_factor: 0.5, rope_theta: 10_000 },
  ],
  ["nemotron", rope(10_000, { partial_rotary_factor: 0.5 }), {}],
  ["glm4", rope(10_000, { partial_rotary_factor: 0.5 }), { partial_rotary_factor: 0.5 }],
  [
    "cohere2",
    {
      ...rope(5e4),
      layer_types: [1, 0, 1, 0].map((on) => (on ? "sliding_attention" : "full_attention")),
    },
    { rope_theta: 5e4, sliding_window_pattern: 2, rotary_pct: 1 },
  ],
  ["smollm3", { ...rope(2e6), no_rope_layers: [1, 1, 1, 0] }, {}],
  ["olmo2", rope(5e5), { ...rope(5e5), rope_theta: 100, rope_scaling: {} }],
  [
    "gpt_oss",
    { ...rope(500), num_local_experts: 2, num_experts_per_tok: 1 },
    { rope_parameters: {}, rope_theta: 500, num_local_experts: 2, num_experts_per_tok: 1 },
  ],
  ["granite", rope(10_000), { torch_dtype: "bfloat16" }],
  ["starcoder2", rope(1e5), { rope_theta: 1e5, sliding_window: null }],
  [
    "falcon",
    { num_kv_heads: 4 },
    { num_attention_heads: undefined, num_hidden_layers: undefined, n_head: 4, n_layer: 4 },
  ],
  ["gpt2", {}, { n_embd: undefined, n_head: undefined, hidden_size: 32, num_attention_heads: 4 }],
  [
    "gpt_neo",
    { num_heads: 4, num_layers: 4, attention_types: [[["local"], 4]] },
    { attention_types: [[["local"], 4]] },
  ],
  ["bloom", {}, { num_attention_heads: undefined, hidden_size: undefined, n_head: 4, n_embed: 32 }],
];

describe("a family's config", () => {
  for (const [modelType, newer, older] of pairs) {
    it(`means the same in transformers 5 and before: ${modelType}`, () => {
      const before = describeAs(modelType, { ...sizesOf(modelType), ...older });
      expect(describeAs(modelType, { ...sizesOf(modelType), ...newer })).toEqual(before);
      expect(checkDecoderConfig(before)).toEqual(before);
    });
  }

  it("may list the layers of GPT-Neo or repeat their kinds", () => {
    const json = { vocab_size: 19, hidden_size: 32, num_layers: 4, num_heads: 4, window_size: 8 };
    const listed = { attention_layers: ["global", "global", "local", "local"] };
    const repeated = {
      attention_types: [
        [["global"], 2],
        [["local"], 2],
      ],
    };
    const windows = describeAs("gpt_neo", { ...json, ...repeated }).layers.map(
      ({ attention }) => attention.window,
    );
    expect(windows).toEqual([undefined, undefined, 8, 8]);
    expect(describeAs("gpt_neo", { ...json, ...listed, ...repeated })).toEqual(
      describeAs("gpt_neo", { ...json, ...listed }),
    );
  });

  it("distinguishes Falcon's generations", () => {
    const layer = (change: object) => describeAs("falcon", { ...earlySizes, ...change }).layers[0];
    expect(layer({})).toMatchObject({ parallel: true, attention: { kvHeads: 1 } });
    expect(layer({})).not.toHaveProperty("postAttentionNorm");
    const newer = layer({ new_decoder_architecture: true, num_kv_heads: 2 });
    expect(newer).toMatchObject({ parallel: true, attention: { kvHeads: 2 } });
    expect(newer).toHaveProperty("postAttentionNorm");
    const older = layer({ alibi: true, multi_query: false, parallel_attn: false });
    expect(older).toMatchObject({ parallel: false, attention: { kvHeads: 4 } });
    expect(older.attention).toMatchObject({ alibi: { factor: 8 ** -0.5, rounded: true } });
  });
});

/** Family, the field at fault, its value. */
const refused: [string, string, unknown][] = [
  ["mistral", "attention_multiplier", 0.5],
  ["bloom", "slow_but_exact", true],
  ["bloom", "n_head", 8],
  ["gemma", "hidden_activation", "relu"],
  ["gemma3_text", "attn_logit_softcapping", 50],
  ["gpt2", "num_attention_heads", 8],
  ["gpt_neox", "rope_theta", 500],
  ["gpt_neox", "partial_rotary_factor", 0.5],
  ["mistral", "partial_rotary_factor", 0.5],
  ["qwen2", "layer_types", ["chunked_attention"]],
  ["gemma2", "use_bidirectional_attention", true],
  ["phi3", "hidden_act", "mish"],
  ["opt", "activation_function", "mish"],
  ["gemma2", "layer_types", ["full_attention"]],
  ["smollm3", "no_rope_layers", [1, 1]],
  ["granite", "num_local_experts", 8],
  ["cohere", "rotary_pct", 0.5],
  ["gptj", "rotary_dim", "all"],
  ["gpt_bigcode", "add_cross_attention", true],
];

describe("what is not implemented", () => {
  for (const [modelType, field, value] of refused) {
    it(`is refused by name: ${field} of ${modelType}`, () => {
      const describeIt = () => describeAs(modelType, { ...sizesOf(modelType), [field]: value });
      expect(describeIt).toThrow(UnsupportedConfigError);
      expect(describeIt).toThrow(`config.json: ${field}`);
    });
  }
});
