/** config.json files: both generations of them, and every value that is not implemented. */
import { describe, expect, it } from "vitest";
import { checkDecoderConfig } from "../decoder/config/config-rules.js";
import { UnsupportedConfigError } from "../errors.js";
import { gpt2Json, llamaJson } from "../test-support/checkpoints.js";
import { gpt2 } from "./gpt2/family.js";
import { llama } from "./llama/family.js";

const describeLlama = (change: object) =>
  llama.describe({ ...llamaJson, ...change }, "config.json");
const describeGpt2 = (change: object) => gpt2.describe({ ...gpt2Json, ...change }, "config.json");
const llama3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe("llama's config", () => {
  it("means the same in transformers 5 and before", () => {
    const { rope_theta: _, ...json } = llamaJson;
    const older = llama.describe(
      { ...json, rope_theta: 5e5, rope_scaling: { type: "llama3", ...llama3 } },
      "old",
    );
    const parameters = { rope_type: "llama3", rope_theta: 5e5, ...llama3 };
    const newer = llama.describe({ ...json, rope_parameters: parameters }, "new");
    expect(newer).toEqual(older);
    expect(newer.layers[0].attention.rope).toMatchObject({
      base: 5e5,
      scaling: { kind: "llama3" },
    });
  });

  it("becomes a valid description", () => {
    const config = describeLlama({ torch_dtype: "float16", rope_scaling: null, use_cache: true });
    expect(checkDecoderConfig(config)).toEqual(config);
  });

  it("has transformers' defaults", () => {
    const { num_key_value_heads: _, rope_theta: __, rms_norm_eps: ___, ...json } = llamaJson;
    const config = llama.describe(json, "config.json");
    expect(config.layers[0].attention).toMatchObject({ kvHeads: 4, headDim: 8, qkvBias: false });
    expect(config.layers[0].attention.rope?.base).toBe(10_000);
    expect(config.finalNorm?.epsilon).toBe(1e-6);
  });

  it("may give heads another width than hidden / heads, and biases", () => {
    const config = describeLlama({ head_dim: 16, attention_bias: true, mlp_bias: true });
    expect(config.layers[1].attention).toMatchObject({
      headDim: 16,
      qkvBias: true,
      outputBias: true,
    });
    expect(config.layers[1].attention.scale).toBe(0.25);
    expect(config.layers[1].mlp.bias).toBe(true);
  });

  it("may be longer than it says with dynamic scaling", () => {
    const dynamic = describeLlama({ rope_scaling: { type: "dynamic", factor: 2 } });
    const scaling = { kind: "dynamic", factor: 2, originalMaxPositions: 24 };
    expect(dynamic.layers[0].attention.rope?.scaling).toEqual(scaling);
    expect(dynamic.maxPositions).toBe(48);
  });

  it("takes yarn's constants from its paper where it names none", () => {
    const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 8 };
    const { rope } = describeLlama({ rope_scaling: yarn }).layers[0].attention;
    expect(rope?.scaling).toMatchObject({ betaFast: 32, betaSlow: 1, originalMaxPositions: 8 });
    expect(rope?.scaling).toHaveProperty("attentionFactor", 0.1 * Math.log(4) + 1);
  });

  const refused: [string, object][] = [
    ["hidden_act", { hidden_act: "mish" }],
    ["hidden_size", { hidden_size: "32" }],
    ["vocab_size", { vocab_size: null }],
    ["rope_scaling.rope_type", { rope_scaling: { type: "mrope", factor: 4 } }],
    ["rope_scaling.factor", { rope_scaling: { type: "linear" } }],
    ["rope_scaling", { rope_scaling: { type: "linear", factor: 2, beta_fast: 32 } }],
    ["rope_parameters.short_factor", { rope_parameters: { rope_type: "longrope" } }],
    ["partial_rotary_factor", { partial_rotary_factor: 0.5 }],
    ["sliding_window", { sliding_window: 4096 }],
    ["quantization_config", { quantization_config: { bits: 4 } }],
    ["final_logit_softcapping", { final_logit_softcapping: 30 }],
    ["num_local_experts", { num_local_experts: 8 }],
  ];
  for (const [field, change] of refused) {
    it(`is refused for ${JSON.stringify(change)}`, () => {
      expect(() => describeLlama(change)).toThrow(UnsupportedConfigError);
      expect(() => describeLlama(change)).toThrow(`config.json: ${field} is`);
    });
  }
});

describe("gpt2's config", () => {
  it("becomes a valid description", () => {
    const config = describeGpt2({ n_ctx: 24, attn_pdrop: 0.1, task_specific_params: {} });
    expect(checkDecoderConfig(config)).toEqual(config);
    expect(config.head.tied).toBe(true);
  });

  it("makes the MLP four times as wide where nothing is said", () => {
    expect(describeGpt2({ n_inner: null }).layers[0].mlp.hidden).toBe(128);
  });

  it("scales attention as the file says", () => {
    const scales = (change: object) =>
      describeGpt2(change).layers.map(({ attention }) => attention.scale);
    expect(scales({})).toEqual([8 ** -0.5, 8 ** -0.5]);
    expect(scales({ scale_attn_weights: false })).toEqual([1, 1]);
    expect(scales({ scale_attn_by_inverse_layer_idx: true })).toEqual([8 ** -0.5, 8 ** -0.5 / 2]);
  });

  it("is refused for cross-attention", () => {
    expect(() => describeGpt2({ add_cross_attention: true })).toThrow(UnsupportedConfigError);
  });
});
