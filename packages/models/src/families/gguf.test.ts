/** Every architecture of GGUF against the family it stands for, with names spelled out here once more. */
import { fromFlat, listParameters, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { GgufMetadata } from "../checkpoint/gguf/gguf-metadata.js";
import type { GgufValue } from "../checkpoint/gguf/gguf-reader.js";
import { Decoder } from "../decoder/model/decoder.js";
import { initializeWeights } from "../decoder/model/initialize.js";
import { LanguageModel, loadModel, UnsupportedConfigError } from "../index.js";
import { familyChecks } from "../test-support/family-checks.js";
import {
  encode,
  type GgufMetadataValues,
  type GgufPart,
  writeGguf,
} from "../test-support/gguf-file.js";
import { maxDifference } from "../test-support/reference.js";
import { familyOf, ggufArchitectures } from "./index.js";
import type { Family } from "./shared/family.js";

/** What files call an architecture, where it is not the family's name. */
const architectureNames: Readonly<Record<string, string>> = {
  ...{ gemma3_text: "gemma3", mixtral: "llama", qwen2_moe: "qwen2moe", qwen3_moe: "qwen3moe" },
};

const prompt = [3, 1, 4, 1, 5, 9];
const save = ["layers.0.selfAttn.qRot", "layers.1", "output"];

const names: readonly (readonly [RegExp, string])[] = [
  [/^layers\.(\d)\.mlp\.router/, "blk.$1.ffn_gate_inp"],
  [/^layers\.(\d)\.mlp\.sharedGate/, "blk.$1.ffn_gate_inp_shexp"],
  [/^layers\.(\d)\.mlp\.sharedExpert\.(gate|up|down)Proj/, "blk.$1.ffn_$2_shexp"],
  [/^layers\.(\d)\.selfAttn\.postNorm/, "blk.$1.post_attention_norm"],
  [/^layers\.(\d)\.mlp\.postNorm/, "blk.$1.post_ffw_norm"],
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
const pairsRows: readonly string[] = ["arcee", "mixtral"];

function asStored(architecture: string, name: string, array: MxArray): [string, MxArray] {
  if (namesAfterAttention.includes(architecture)) {
    return [name.replace("ffn_norm", "post_attention_norm"), array];
  }
  if (array.ndim === 3) return [name.replace(/(ffn_\w+)\./, "$1_exps."), array];
  if (name.endsWith("ffn_gate_inp_shexp.weight")) return [name, array.squeeze(0)];
  // Gemma multiplies by one more than its weight, and files have that.
  if (architecture.startsWith("gemma") && name.endsWith("norm.weight")) {
    return [name, mx.add(array, 1)];
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
  const name = architectureNames[architecture] ?? architecture;
  const named = Object.entries(entries).map(([key, value]) => [`${name}.${key}`, value]);
  return { "general.architecture": name, ...Object.fromEntries(named) };
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

  it("phi3 has factors for long texts and for short ones", async () => {
    const short = [1, 1.2];
    const long = [1.5, 4];
    const { decoder } = randomDecoder("phi3", cases.phi3.config);
    const factors = ([name, numbers]: readonly [string, number[]]) => ({
      ...{ name: `rope_factors_${name}.weight`, kind: "F32" as const, shape: [2] },
      data: Buffer.from(Float32Array.from(numbers).buffer),
    });
    const metadata = {
      ...metadataOf("phi3", cases.phi3.metadata),
      ...{ "phi3.rope.scaling.original_context_length": 8, "phi3.rope.scaling.attn_factor": 1.25 },
    };
    const parts = partsOf("phi3", decoder);
    const both = [...parts, factors(["short", short]), factors(["long", long])];
    const model = await loadModel(writeGguf(metadata, both));
    const rope_scaling = {
      ...{ rope_type: "longrope", short_factor: short, long_factor: long, attention_factor: 1.25 },
      original_max_position_embeddings: 8,
    };
    const expected = randomDecoder("phi3", { ...cases.phi3.config, rope_scaling }).model;
    for (const ids of [prompt, [...prompt, ...prompt]]) {
      const [a, b] = [await model.run(ids, { save }), await expected.run(ids, { save })];
      for (const site of save) expect(maxDifference(a.get(site), b.get(site))).toBeLessThan(1e-4);
    }
    const half = loadModel(writeGguf(metadata, [...parts, factors(["long", long])]));
    await expect(half).rejects.toThrow(/rope_factors_short\.weight is missing/);
  });

  it("qwen2 may be stretched by YaRN, with the settings of Hugging Face", async () => {
    const { decoder } = randomDecoder("qwen2", cases.qwen2.config);
    const scaling = { type: "yarn", factor: 4, original_context_length: 8 };
    const named = Object.entries(scaling).map(([key, value]) => [`rope.scaling.${key}`, value]);
    const metadata = metadataOf("qwen2", Object.fromEntries(named));
    const model = await loadModel(writeGguf(metadata, partsOf("qwen2", decoder)));
    const rope_scaling = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 8 };
    const expected = randomDecoder("qwen2", { ...cases.qwen2.config, rope_scaling }).model;
    const [a, b] = [await model.run(prompt, { save }), await expected.run(prompt, { save })];
    for (const site of save) expect(maxDifference(a.get(site), b.get(site))).toBeLessThan(1e-4);
    const other = writeGguf({ ...metadata, "qwen2.rope.scaling.yarn_log_multiplier": 0.5 }, []);
    await expect(loadModel(other)).rejects.toBeInstanceOf(UnsupportedConfigError);
  });

  it("of Mixtral may have experts in blocks, or each expert by itself", async () => {
    const { decoder } = randomDecoder("mixtral", cases.mixtral.config);
    const meant = new Map<string, MxArray>();
    const parts = partsOf("mixtral", decoder).flatMap((part): GgufPart[] => {
      if (part.shape.length !== 3) return [part];
      const numbers = new Float32Array(
        part.data.buffer,
        part.data.byteOffset,
        part.data.length / 4,
      );
      const kind = part.name.includes("up") ? "Q4_0" : "Q8_0";
      const { data, meaning } = encode(fromFlat(numbers, [...part.shape]), kind);
      meant.set(part.name, meaning);
      return [{ ...part, kind, data }];
    });
    const metadata = metadataOf("mixtral", cases.mixtral.metadata);
    const packed = await loadModel(writeGguf(metadata, parts));
    const apart = parts.flatMap((part): GgufPart[] => {
      const whole = meant.get(part.name);
      if (!whole) return [part];
      return Array.from({ length: 4 }, (_, expert) => ({
        ...{
          name: part.name.replace("_exps", `.${expert}`),
          kind: "F32",
          shape: part.shape.slice(1),
        },
        data: encode(whole.index(expert), "F32").data,
      }));
    });
    const single = await loadModel(writeGguf(metadata, apart));
    const [a, b] = [await packed.run(prompt, { save }), await single.run(prompt, { save })];
    for (const site of save) expect(maxDifference(a.get(site), b.get(site))).toBeLessThan(1e-4);
  });

  it("Gemma's largest models divide scores by an even share of the width", () => {
    for (const [name, layers] of [
      ["gemma2", 46],
      ["gemma3", 62],
    ] as const) {
      const values = new Map<string, GgufValue>([
        ["general.architecture", name],
        [`${name}.block_count`, layers],
        [`${name}.embedding_length`, 4608],
        [`${name}.attention.head_count`, 32],
        [`${name}.attention.key_length`, 128],
      ]);
      const metadata = new GgufMetadata({ metadata: values, tensors: [] }, "model.gguf");
      expect(ggufArchitectures.get(name)?.config(metadata).query_pre_attn_scalar).toBe(144);
    }
  });
});
