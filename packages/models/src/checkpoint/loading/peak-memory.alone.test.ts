/** The memory that loading needs, measured by the system in processes of their own. */
import { execFile } from "node:child_process";
import { platform } from "node:os";
import { promisify } from "node:util";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { fromSources } from "../../../../../scripts/lib/from-sources.mjs";
import { writeCheckpoint } from "../../test-support/checkpoints.js";

const script = new URL("../../test-support/measure-loading.ts", import.meta.url);

/** GPT-2 needs the most work on loading: every matrix is transposed, and one in four split. */
function gpt2Checkpoint(): string {
  const [hidden, vocab, layers] = [1024, 4000, 5];
  const filled = (...shape: number[]) => mx.full(shape, 0.02, mx.bfloat16); // what it holds weighs nothing
  const tensors: Record<string, MxArray> = {
    "wte.weight": filled(vocab, hidden),
    "wpe.weight": filled(64, hidden),
    "ln_f.weight": filled(hidden),
    "ln_f.bias": filled(hidden),
  };
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, ...shape] of [
      ["ln_1", hidden],
      ["ln_2", hidden],
      ["attn.c_attn", hidden, 3 * hidden],
      ["attn.c_proj", hidden, hidden],
      ["mlp.c_fc", hidden, 4 * hidden],
      ["mlp.c_proj", 4 * hidden, hidden],
    ] as [string, ...number[]][]) {
      tensors[`h.${layer}.${name}.weight`] = filled(...shape);
      tensors[`h.${layer}.${name}.bias`] = filled(shape[shape.length - 1]);
    }
  }
  const sizes = { n_positions: 64, n_embd: hidden, n_layer: layers, n_head: 16 };
  return writeCheckpoint({ model_type: "gpt2", vocab_size: vocab, ...sizes }, tensors);
}

/** Few kinds of tensors, in Llama's layout, as published: in bfloat16. */
function llamaCheckpoint(): string {
  const [hidden, vocab, inner, layers] = [1024, 16_000, 2816, 6];
  const filled = (...shape: number[]) => mx.full(shape, 0.02, mx.bfloat16); // what it holds weighs nothing
  const tensors: Record<string, MxArray> = {
    "model.embed_tokens.weight": filled(vocab, hidden),
    "model.norm.weight": filled(hidden),
  };
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, ...shape] of [
      ["input_layernorm", hidden],
      ["post_attention_layernorm", hidden],
      ...["q", "k", "v", "o"].map((name) => [`self_attn.${name}_proj`, hidden, hidden]),
      ["mlp.gate_proj", inner, hidden],
      ["mlp.up_proj", inner, hidden],
      ["mlp.down_proj", hidden, inner],
    ] as [string, ...number[]][]) {
      tensors[`model.layers.${layer}.${name}.weight`] = filled(...shape);
    }
  }
  const sizes = { hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers };
  const heads = { num_attention_heads: 16, num_key_value_heads: 16 };
  const rest = { max_position_embeddings: 64, tie_word_embeddings: true };
  const json = { model_type: "llama", vocab_size: vocab, ...sizes, ...heads, ...rest };
  return writeCheckpoint(json, tensors);
}

/** The engine's young generation stays small: its size differs from one release of Node to the next. */
const flags = ["--expose-gc", "--max-semi-space-size=1"];

async function measure(folder: string, options: object = {}): Promise<Record<string, number>> {
  const child = [...flags, await fromSources(script), folder, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, child);
  return JSON.parse(stdout) as Record<string, number>;
}

/**
 * The machine may be busy with other things, and then gives pages back late: 1.24 was measured once where all other runs stay below
 * 1.15. What one of two runs gets by with is enough, and what is needed is no more.
 */
const patient = { timeout: 240_000, retry: 1 };

describe.skipIf(platform() !== "linux")("loading", patient, () => {
  it("half precision, cast, split and transposed, needs at most 1.15 times the final weights", async () => {
    const { peakBytes, weightBytes } = await measure(gpt2Checkpoint());
    expect(weightBytes).toBeGreaterThan(250e6);
    expect(peakBytes / weightBytes).toBeLessThan(1.15);
  });

  it("with quantization needs at most 1.15 times the packed weights", async () => {
    const quantize = { bits: 8, groupSize: 32 };
    const { peakBytes, weightBytes } = await measure(llamaCheckpoint(), { quantize });
    expect(weightBytes).toBeGreaterThan(110e6); // 370 MB in full precision
    expect(weightBytes).toBeLessThan(120e6);
    expect(peakBytes / weightBytes).toBeLessThan(1.15);
  });
});

describe.skipIf(platform() !== "linux")("loading the same model many times", () => {
  it("does not grow the process by what layers draw when they are made", async () => {
    const allowed = 35 * 1024; // it was 70 kB, more at every load
    const repeated = new URL("../../test-support/measure-repeated-loading.ts", import.meta.url);
    const child = ["--expose-gc", await fromSources(repeated), "tiny", "30", String(allowed)];
    const { stdout } = await promisify(execFile)(process.execPath, child);
    expect(Number(stdout)).toBeLessThan(allowed);
  }, 120_000);
});
