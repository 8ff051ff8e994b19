/** Variants of families that no reference checkpoint has, from files with every tensor spelled out. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { keySequence } from "../decoder/model/initialize.js";
import { loadModel } from "../index.js";
import { writeCheckpoint } from "../test-support/checkpoints.js";
import { maxDifference } from "../test-support/reference.js";
import { verifyModel } from "../verify/verify-model.js";

type Shapes = Record<string, number[]>;

/** Random tensors of these shapes, the one layer's under its prefix. */
function tensorsOf(outer: Shapes, prefix: string, layer: Shapes): Record<string, MxArray> {
  const keys = keySequence(1);
  const inLayer = Object.entries(layer).map(
    ([name, shape]) => [`${prefix}.${name}`, shape] as const,
  );
  return Object.fromEntries(
    [...Object.entries(outer), ...inLayer].map(([name, shape]) => [
      name,
      mx.random.normal([...shape], mx.float32, 0, 0.3, keys()),
    ]),
  );
}

const sizes = {
  ...{ vocab_size: 19, hidden_size: 32, intermediate_size: 48 },
  ...{ num_hidden_layers: 1, num_attention_heads: 4, max_position_embeddings: 24 },
};

async function expectSound(json: object, tensors: Record<string, MxArray>) {
  const model = await loadModel(writeCheckpoint(json, tensors));
  const { invariants } = await verifyModel(model);
  expect(invariants.filter(({ passed }) => !passed)).toEqual([]);
  return model;
}

describe("StableLM with parallel parts and a norm for each head", () => {
  it("loads the norms head by head", async () => {
    const perHead = (name: string, heads: number): Shapes =>
      Object.fromEntries(
        Array.from({ length: heads }, (_, head) => [`self_attn.${name}.norms.${head}.weight`, [8]]),
      );
    const tensors = tensorsOf(
      {
        "model.embed_tokens.weight": [19, 32],
        "model.norm.weight": [32],
        "model.norm.bias": [32],
        "lm_head.weight": [19, 32],
      },
      "model.layers.0",
      {
        "input_layernorm.weight": [32],
        "input_layernorm.bias": [32],
        "self_attn.q_proj.weight": [32, 32],
        "self_attn.k_proj.weight": [16, 32],
        "self_attn.v_proj.weight": [16, 32],
        "self_attn.o_proj.weight": [32, 32],
        ...perHead("q_layernorm", 4),
        ...perHead("k_layernorm", 2),
        "mlp.gate_proj.weight": [48, 32],
        "mlp.up_proj.weight": [48, 32],
        "mlp.down_proj.weight": [32, 48],
      },
    );
    const json = {
      ...{ ...sizes, model_type: "stablelm", num_key_value_heads: 2 },
      ...{ qk_layernorm: true, use_parallel_residual: true },
    };
    const { module } = await expectSound(json, tensors);
    const third = tensors["model.layers.0.self_attn.q_layernorm.norms.2.weight"];
    const weight = module.layers[0].selfAttn.qNorm?.weight;
    expect(maxDifference(weight!.index(2), third)).toBe(0);
  });
});

/** A Falcon layer without its norms. */
const falconLayer = (fused: number, bias: boolean): Shapes => ({
  "self_attention.query_key_value.weight": [fused, 32],
  "self_attention.dense.weight": [32, 32],
  "mlp.dense_h_to_4h.weight": [128, 32],
  "mlp.dense_4h_to_h.weight": [32, 128],
  ...(bias && {
    "self_attention.query_key_value.bias": [fused],
    "self_attention.dense.bias": [32],
    "mlp.dense_h_to_4h.bias": [128],
    "mlp.dense_4h_to_h.bias": [32],
  }),
});
const { intermediate_size: _, ...falconSizes } = sizes;

const falconOuter = {
  "transformer.word_embeddings.weight": [19, 32],
  "transformer.ln_f.weight": [32],
  "transformer.ln_f.bias": [32],
};
const norms = (...names: string[]): Shapes =>
  Object.fromEntries(
    names.flatMap((name) => [
      [`${name}.weight`, [32]],
      [`${name}.bias`, [32]],
    ]),
  );

describe("Falcon", () => {
  it("loads grouped heads and two norms of the newer architecture", async () => {
    const json = {
      ...{ ...falconSizes, model_type: "falcon", num_kv_heads: 2, new_decoder_architecture: true },
    };
    const layer = { ...norms("ln_attn", "ln_mlp"), ...falconLayer(64, false) };
    const tensors = tensorsOf(falconOuter, "transformer.h.0", layer);
    const { module } = await expectSound(json, tensors);
    const fused = tensors["transformer.h.0.self_attention.query_key_value.weight"];
    const firstKey = fused.index(mx.Slice(16, 24)); // behind the two queries of its group
    const key = module.layers[0].selfAttn.kProj.weight.index(mx.Slice(0, 8));
    expect(maxDifference(key, firstKey)).toBe(0);
  });

  it("divides scores and alibi together", async () => {
    const json = {
      ...{ ...falconSizes, model_type: "falcon", alibi: true, bias: true },
      ...{ multi_query: false, parallel_attn: false },
    };
    const both = norms("input_layernorm", "post_attention_layernorm");
    const layer = { ...both, ...falconLayer(96, true) };
    const model = await expectSound(json, tensorsOf(falconOuter, "transformer.h.0", layer));
    const sites = ["q", "k", "scores"].map((name) => `layers.0.selfAttn.${name}`);
    const cache = await model.run([[3, 1, 4, 1, 5]], { save: sites });
    const [q, k, scores] = sites.map((site) => cache.get(site));
    const slopes = mx.array([1 / 4, 1 / 16, 1 / 64, 1 / 256]).reshape([4, 1, 1]);
    const alibi = mx.multiply(slopes, mx.arange(0, 5)); // exact in bfloat16
    const expected = mx.multiply(mx.add(mx.matmul(q, k.swapaxes(-1, -2)), alibi), 8 ** -0.5);
    const apart = mx.multiply(mx.subtract(scores, expected), mx.tri(5, 5));
    expect(maxDifference(apart, mx.zerosLike(apart))).toBeLessThan(1e-5);
  });
});
