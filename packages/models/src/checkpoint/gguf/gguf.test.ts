/** GGUF files against the numbers that the format's formulas give, and everything that is refused. */
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CorruptCheckpointError, loadModel, UnsupportedConfigError } from "../../index.js";
import { llamaJson, llamaTensors, writeCheckpoint } from "../../test-support/checkpoints.js";
import { encode, type GgufKind, type GgufPart, writeGguf } from "../../test-support/gguf-file.js";
import { maxDifference } from "../../test-support/reference.js";
import { halfToFloat } from "../files/number-formats.js";
import { QuantizedLinear } from "../quantization/quantized-modules.js";

const prompt = [3, 1, 4, 1, 5];

const metadata = {
  "general.architecture": "llama",
  "llama.embedding_length": 32,
  "llama.feed_forward_length": 48,
  "llama.block_count": 2,
  "llama.attention.head_count": 4,
  "llama.attention.head_count_kv": 2,
  "llama.context_length": 24,
  "llama.attention.layer_norm_rms_epsilon": 1.0000000116860974e-7,
  "tokenizer.ggml.eos_token_id": 2,
};

/** GGUF's names, spelled out here independently of the table. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens/, "token_embd"],
  [/^model\.norm/, "output_norm"],
  [/^lm_head/, "output"],
  [/^model\.layers\.(\d)\.input_layernorm/, "blk.$1.attn_norm"],
  [/^model\.layers\.(\d)\.post_attention_layernorm/, "blk.$1.ffn_norm"],
  [/^model\.layers\.(\d)\.self_attn\.o_proj/, "blk.$1.attn_output"],
  [/^model\.layers\.(\d)\.self_attn\.(.)_proj/, "blk.$1.attn_$2"],
  [/^model\.layers\.(\d)\.mlp\.(gate|up|down)_proj/, "blk.$1.ffn_$2"],
];

/** Rows of a head in the order of llama.cpp: the partners of a rotation side by side. */
function interleaved(weight: MxArray, heads: number): MxArray {
  const [rows, columns] = weight.shape;
  const order = Array.from({ length: rows }, (_, row) => {
    const size = rows / heads;
    const [head, inner] = [Math.floor(row / size), row % size];
    return head * size + (inner % 2) * (size / 2) + Math.floor(inner / 2);
  });
  return mx.take(weight, mx.array(order, mx.int32), 0).reshape([rows, columns]);
}

/** One model as a GGUF file, and as a folder with the numbers that the file stands for. */
function twoFiles(kind: GgufKind, extra: Record<string, string | number> = {}) {
  const parts: GgufPart[] = [];
  const meanings: Record<string, MxArray> = {};
  for (const [name, array] of Object.entries(llamaTensors())) {
    const [pattern, replacement] = names.find(([candidate]) => candidate.test(name))!;
    const whole = array.ndim === 2 && array.shape[1] % 32 === 0 ? kind : "F32";
    meanings[name] = encode(array, whole).meaning;
    const heads = /q_proj/.test(name) ? 4 : /k_proj/.test(name) ? 2 : undefined;
    const { data } = encode(heads ? interleaved(array, heads) : array, whole);
    parts.push({ name: name.replace(pattern, replacement), kind: whole, shape: array.shape, data });
  }
  const file = writeGguf({ ...metadata, ...extra }, parts);
  const json = { ...llamaJson, rms_norm_eps: metadata["llama.attention.layer_norm_rms_epsilon"] };
  return { file, folder: writeCheckpoint(json, meanings) };
}

describe("a GGUF file", () => {
  for (const kind of ["F32", "F16", "Q8_0", "Q4_0", "Q4_1"] as const) {
    it(`computes what its numbers compute, in ${kind}`, async () => {
      const { file, folder } = twoFiles(kind);
      const [model, plain] = [await loadModel(file), await loadModel(folder)];
      const packed = model.module.layers[0].selfAttn.kProj instanceof QuantizedLinear;
      expect(packed).toBe(kind.startsWith("Q"));
      const save = ["layers.0.selfAttn.kRot", "output"];
      const [a, b] = [await model.run(prompt, { save }), await plain.run(prompt, { save })];
      for (const site of save) expect(maxDifference(a.get(site), b.get(site))).toBeLessThan(1e-5);
      expect(model.eosTokens).toEqual([2]);
    });
  }

  it("is read again as it was, also where memory was used before", async () => {
    const { file, folder } = twoFiles("Q4_0");
    const expected = (await (await loadModel(folder)).run(prompt)).get("output");
    for (let round = 0; round < 3; round++) {
      const found = (await (await loadModel(file)).run(prompt)).get("output");
      expect(maxDifference(found, expected)).toBeLessThan(1e-5);
    }
  });

  it.each([
    ["mamba2", /state-space mixers.*ssm_conv1d/],
    ["qwen3next", /gated delta layers/],
    ["lfm2", /short convolutions.*\{ as: RecurrentModel \}/],
  ])("of the recurrent %s is refused with what of it is not read", async (name, message) => {
    const loading = loadModel(twoFiles("F32", { "general.architecture": name }).file);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toMatchObject({ field: "general.architecture", value: name });
  });

  for (const [key, value] of [
    ["general.architecture", "falcon"],
    ["llama.attention.clamp_kqv", 8],
    ["llama.rope.scaling.type", "longrope"],
  ] as const) {
    it(`is refused for ${key} ${value}`, async () => {
      const loading = loadModel(twoFiles("F32", { [key]: value }).file);
      await expect(loading).rejects.toBeInstanceOf(UnsupportedConfigError);
      await expect(loading).rejects.toMatchObject({ field: key, value });
    });
  }

  it("is refused with types of tensors that are not implemented", async () => {
    const part = { name: "token_embd.weight", kind: 23, shape: [1, 256], data: Buffer.alloc(136) };
    const loading = loadModel(writeGguf(metadata, [part]));
    await expect(loading).rejects.toMatchObject({ field: "token_embd.weight", value: "IQ4_XS" });
  });

  it("is told to be damaged when it is cut, wherever that is", async () => {
    const { length } = readFileSync(twoFiles("Q8_0").file);
    for (const size of [0, 3, 20, 200, 1000, length - 4000, length - 40]) {
      const { file } = twoFiles("Q8_0");
      truncateSync(file, size);
      await expect(loadModel(file), `${size} bytes`).rejects.toBeInstanceOf(CorruptCheckpointError);
    }
  });

  it("may have a header that is longer than what is read at first", async () => {
    const { file, folder } = twoFiles("F32", { "general.description": "long ".repeat(600_000) });
    const [a, b] = [await loadModel(file), await loadModel(folder)];
    const [x, y] = [await a.run(prompt), await b.run(prompt)];
    expect(maxDifference(x.get("output"), y.get("output"))).toBeLessThan(1e-5);
  });

  it("is told to be something else", async () => {
    const { file } = twoFiles("F32");
    writeFileSync(file, "PK\u0003\u0004 not this format at all");
    await expect(loadModel(file)).rejects.toThrow(/not a GGUF file/);
  });
});

describe("half precision", () => {
  it("is read as MLX reads it, for every finite pattern", () => {
    const patterns = Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => ((bits >> 10) & 31) !== 31,
    );
    const own = patterns.map(halfToFloat);
    const back = mx.array(own, mx.float32).astype(mx.float16).astype(mx.float32).tolist();
    expect(back).toEqual(own);
    expect(new Set(own.map((value) => (Object.is(value, -0) ? "-0" : value))).size).toBe(
      own.length,
    );
    expect([0x3c00, 0xc000, 0x3555, 0x0001].map(halfToFloat)).toEqual([
      1,
      -2,
      0.333251953125,
      2 ** -24,
    ]);
  });
});
