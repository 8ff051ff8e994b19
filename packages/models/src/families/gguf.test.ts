/** Every architecture of GGUF against the family it stands for, with names spelled out here once more. */
import { fromFlat, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { Decoder } from "../decoder/model/decoder.js";
import { initializeWeights } from "../decoder/model/initialize.js";
import { listParameters } from "../decoder/parameters.js";
import { LanguageModel, loadModel, UnsupportedConfigError } from "../index.js";
import { familyChecks } from "../test-support/family-checks.js";
import {
  encode,
  type GgufMetadataValues,
  type GgufPart,
  writeGguf,
} from "../test-support/gguf-file.js";
import { maxDifference } from "../test-support/reference.js";
import { familyOf } from "./index.js";
import type { Family } from "./shared/family.js";

const prompt = [3, 1, 4, 1, 5, 9];
const save = ["layers.0.selfAttn.qRot", "layers.1", "output"];

const names: readonly (readonly [RegExp, string])[] = [
  [/^embedTokens/, "token_embd"],
  [/^embedPositions/, "position_embd"],
  [/^finalNorm/, "output_norm"],
  [/^lmHead/, "output"],
  [/^layers\.(\d)\.inputNorm/, "blk.$1.attn_norm"],
  [/^layers\.(\d)\.postAttentionNorm/, "blk.$1.ffn_norm"],
  [/^layers\.(\d)\.selfAttn\.oProj/, "blk.$1.attn_output"],
  [/^layers\.(\d)\.selfAttn\.([qkv])Proj/, "blk.$1.attn_$2"],
  [/^layers\.(\d)\.selfAttn\.([qk])Norm/, "blk.$1.attn_$2_norm"],
  [/^layers\.(\d)\.mlp\.(gate|up|down)Proj/, "blk.$1.ffn_$2"],
];

/** Architectures whose files call the norm before the MLP so. */
const namesAfterAttention: readonly string[] = ["seed_oss"];

/** Architectures whose files have the rows of a head's queries and keys as pairs that turn together. */
const pairsRows: readonly string[] = ["arcee"];

function asStored(architecture: string, name: string, array: MxArray): [string, MxArray] {
  if (namesAfterAttention.includes(architecture)) {
    return [name.replace("ffn_norm", "post_attention_norm"), array];
  }
  const heads = /attn_q/.test(name) ? 4 : 2;
  if (!pairsRows.includes(architecture) || !/attn_[qk]\./.test(name)) return [name, array];
  const halves = array.reshape([heads, 2, array.shape[0] / heads / 2, -1]);
  return [name, halves.swapaxes(1, 2).reshape(array.shape)];
}

const known = [...familyChecks].flatMap(([name, { gguf }]) =>
  gguf ? [[name, gguf] as const] : [],
);

/** The same models, described in either way. */
const cases = Object.fromEntries(known);

function metadataOf(architecture: string, extra: GgufMetadataValues): GgufMetadataValues {
  const entries = {
    embedding_length: 32,
    feed_forward_length: 64,
    block_count: 2,
    "attention.head_count": 4,
    "attention.head_count_kv": architecture === "gpt2" ? 4 : 2,
    context_length: 24,
    "attention.layer_norm_rms_epsilon": 2 ** -10,
    "attention.layer_norm_epsilon": 2 ** -10,
    "rope.freq_base": 500,
    ...extra,
  };
  const named = Object.entries(entries).map(([key, value]) => [`${architecture}.${key}`, value]);
  return { "general.architecture": architecture, ...Object.fromEntries(named) };
}

function randomDecoder(
  architecture: string,
  json: object,
): { decoder: Decoder; model: LanguageModel } {
  const family = familyOf({ model_type: architecture }, "config.json") as Family;
  const config = family.describe({ model_type: architecture, ...json }, "config.json");
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.4 });
  for (const [path, array] of listParameters(decoder)) {
    if (array.ndim === 1)
      update(
        decoder,
        path,
        mx.random.normal(array.shape, mx.float32, 1, 0.3, mx.random.key(path.length)),
      );
  }
  return { decoder, model: new LanguageModel(decoder, { config }) };
}

function update(decoder: Decoder, path: string, array: MxArray): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  const parent = keys.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown>)[key],
    decoder,
  );
  Reflect.set(parent as object, last, array);
}

function partsOf(architecture: string, decoder: Decoder): GgufPart[] {
  const tensors = new Map<string, MxArray>();
  for (const [path, array] of listParameters(decoder)) {
    const [pattern, name] = names.find(([candidate]) => candidate.test(path))!;
    tensors.set(...asStored(architecture, path.replace(pattern, name), array));
  }
  for (const [whole, pieces] of Object.entries(cases[architecture].fused)) {
    for (const prefix of ["blk.0", "blk.1"]) {
      for (const kind of ["weight", "bias"]) {
        const found = pieces.map((piece) => tensors.get(`${prefix}.${piece}.${kind}`));
        if (found.some((array) => !array)) continue;
        for (const piece of pieces) tensors.delete(`${prefix}.${piece}.${kind}`);
        tensors.set(`${prefix}.${whole}.${kind}`, mx.concatenate(found as MxArray[], 0));
      }
    }
  }
  return [...tensors].map(([name, array]) => {
    const { data } = encode(fromFlat(toFlat(array) as Float32Array, array.shape), "F32");
    return { name, kind: "F32" as const, shape: array.shape, data };
  });
}

describe("a GGUF file of the architecture", () => {
  for (const [architecture, { config: json, metadata }] of known) {
    it(`${architecture} computes what its family computes`, async () => {
      const { decoder, model } = randomDecoder(architecture, json);
      const file = writeGguf(metadataOf(architecture, metadata), partsOf(architecture, decoder));
      const [a, b] = [
        await (await loadModel(file)).run(prompt, { save }),
        await model.run(prompt, { save }),
      ];
      for (const site of a.keys()) {
        const size = Number(mx.max(mx.abs(b.get(site))).item());
        expect(maxDifference(a.get(site), b.get(site)) / size, site).toBeLessThan(1e-6);
      }
      expect(a.keys()).toContain("output");
    });
  }

  it("llama may divide its frequencies one by one, as Llama 3 files do", async () => {
    const { decoder } = randomDecoder("qwen2", cases.qwen2.config);
    const factors = [1, 1.5, 4, 8];
    const part = {
      name: "rope_freqs.weight",
      kind: "F32" as const,
      shape: [4],
      data: Buffer.from(Float32Array.from(factors).buffer),
    };
    const file = writeGguf(metadataOf("qwen2", {}), [...partsOf("qwen2", decoder), part]);
    const rope_scaling = {
      rope_type: "longrope",
      short_factor: factors,
      long_factor: factors,
      factor: 1,
    };
    const scaled = randomDecoder("qwen2", { ...cases.qwen2.config, rope_scaling }).model;
    const [a, b] = [
      await (await loadModel(file)).run(prompt, { save }),
      await scaled.run(prompt, { save }),
    ];
    for (const site of save) expect(maxDifference(a.get(site), b.get(site))).toBeLessThan(1e-4);
    const plain = await randomDecoder("qwen2", cases.qwen2.config).model.run(prompt, { save });
    expect(
      maxDifference(plain.get("layers.0.selfAttn.qRot"), a.get("layers.0.selfAttn.qRot")),
    ).toBeGreaterThan(1e-2);
  });

  it("phi3 is refused with the factors of long contexts", async () => {
    const { decoder } = randomDecoder("phi3", cases.phi3.config);
    const data = Buffer.from(new Float32Array(2).buffer);
    const part = { name: "rope_factors_long.weight", kind: "F32" as const, shape: [2], data };
    const file = writeGguf(metadataOf("phi3", {}), [...partsOf("phi3", decoder), part]);
    await expect(loadModel(file)).rejects.toBeInstanceOf(UnsupportedConfigError);
  });
});
