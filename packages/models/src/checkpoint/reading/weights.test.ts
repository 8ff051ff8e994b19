/** How weights come in: in slices where they are packed, whatever the order of the file, and equal to the whole. */
import { listParameters, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { Decoder } from "../../decoder/model/decoder.js";
import { llama } from "../../families/llama/family.js";
import { pack, unpack } from "../../packed/scheme.js";
import { writeCheckpoint } from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";
import { findCheckpointFiles } from "../files/checkpoint-files.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import { sliceRows } from "../files/slices.js";
import { SafetensorsSource } from "../files/tensor-source.js";
import { createPacker } from "../quantization/layer-packer.js";
import type { WeightTable } from "../table/weight-table.js";
import { loadWeights } from "./weights.js";

const [vocab, hidden, inner] = [12_000, 256, 512];
const json = {
  model_type: "llama",
  vocab_size: vocab,
  hidden_size: hidden,
  intermediate_size: inner,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  max_position_embeddings: 8,
  tie_word_embeddings: true,
};

function tensors(): Record<string, MxArray> {
  const random = (...shape: number[]) =>
    mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(shape[0])).astype(mx.bfloat16);
  const layer = "model.layers.0";
  const square = ["q", "k", "v", "o"].map((name) => [
    `${layer}.self_attn.${name}_proj.weight`,
    random(hidden, hidden),
  ]);
  return {
    "model.embed_tokens.weight": random(vocab, hidden),
    "model.norm.weight": random(hidden),
    [`${layer}.input_layernorm.weight`]: random(hidden),
    [`${layer}.post_attention_layernorm.weight`]: random(hidden),
    [`${layer}.mlp.gate_proj.weight`]: random(inner, hidden),
    [`${layer}.mlp.up_proj.weight`]: random(inner, hidden),
    [`${layer}.mlp.down_proj.weight`]: random(hidden, inner),
    ...Object.fromEntries(square),
  };
}

/** Notes what is asked for. */
class ListeningSource extends SafetensorsSource {
  readonly whole: string[] = [];
  readonly parts: { readonly name: string; readonly bytes: number }[] = [];

  override take(entry: TensorEntry): MxArray {
    this.whole.push(entry.name);
    return super.take(entry);
  }

  override rows(entry: TensorEntry, from: number, to: number): MxArray {
    this.parts.push({ name: entry.name, bytes: 4 * (to - from) * (entry.shape[1] ?? 1) });
    return super.rows(entry, from, to);
  }
}

const table = (llama.weights as (config: unknown) => WeightTable)(
  llama.describe(json, "config.json"),
);

describe("packing while loading", () => {
  it("reads large matrices a few rows at a time, the largest first", async () => {
    const folder = writeCheckpoint(json, tensors());
    const decoder = new Decoder(llama.describe(json, "config.json"));
    const source = new ListeningSource();
    const packer = createPacker(decoder, { bits: 8, groupSize: 32 });
    await loadWeights(decoder, table, findCheckpointFiles(folder), {
      source,
      packer,
    });
    expect(source.parts.length).toBeGreaterThan(8);
    expect(source.parts[0].name).toBe("model.embed_tokens.weight");
    expect(new Set(source.parts.map(({ name }) => name))).toEqual(
      new Set(["model.embed_tokens.weight"]), // the others are smaller than a slice
    );
    // A slice has at most a MiB, and the last one less than two.
    for (const { bytes } of source.parts) expect(bytes).toBeLessThan(2 * 2 ** 20);
    expect(source.whole).not.toContain("model.embed_tokens.weight");
  });

  it("gives the codes of packing the whole", async () => {
    const plain = tensors();
    const decoder = new Decoder(llama.describe(json, "config.json"));
    const packer = createPacker(decoder, { bits: 4, groupSize: 64 });
    const files = findCheckpointFiles(writeCheckpoint(json, plain));
    await loadWeights(decoder, table, files, { packer });
    const found = listParameters(decoder);
    const whole = pack(plain["model.embed_tokens.weight"].astype(mx.float32), {
      bits: 4,
      groupSize: 64,
    });
    const parts = {
      weight: found.get("embedTokens.weight"),
      scales: found.get("embedTokens.scales"),
    };
    expect(mx.arrayEqual(parts.weight as MxArray, whole.weight).item()).toBe(true);
    expect(maxDifference(parts.scales as MxArray, whole.scales)).toBe(0);
    expect(
      maxDifference(unpack(whole), plain["model.embed_tokens.weight"].astype(mx.float32)),
    ).toBeLessThan(0.5);
  });
});

describe("slices of rows", () => {
  it("are the whole, in order, and none is tiny", () => {
    for (const [rows, columns, limit] of [
      [100, 8, 320],
      [7, 8, 64],
      [5, 1000, 16],
      [1, 1, 1],
      [64, 2, 1_000_000],
    ]) {
      const slices = sliceRows([rows, columns], limit);
      expect(slices.map(([from]) => from)).toEqual([0, ...slices.slice(0, -1).map(([, to]) => to)]);
      expect(slices.at(-1)?.[1]).toBe(rows);
      const [first] = slices[0];
      const sizes = slices.map(([from, to]) => to - from);
      expect(first).toBe(0);
      expect(Math.min(...sizes)).toBe(sizes[0]);
    }
  });
});
