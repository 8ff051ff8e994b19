/** For tests: descriptions of small decoders, where the shared checkpoints lie, and numbers compared. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Grouped queries, rotary positions, gated MLP, tied head: the Llama layout. */
export const llamaLike = {
  vocab: 60,
  hidden: 24,
  maxPositions: 40,
  learnedPositions: false,
  layers: [4, 2, 4].map((kvHeads) => ({
    inputNorm: { kind: "rms" as const, epsilon: 1e-5, bias: false },
    attention: {
      heads: 4,
      kvHeads,
      headDim: 6,
      scale: 6 ** -0.5,
      qkvBias: false,
      outputBias: false,
      rope: { dims: 6, base: 10_000, interleaved: false },
    },
    postAttentionNorm: { kind: "rms" as const, epsilon: 1e-5, bias: false },
    mlp: { hidden: 40, activation: "silu" as const, gated: true, bias: false },
  })),
  finalNorm: { kind: "rms" as const, epsilon: 1e-5, bias: false },
  head: { tied: true, bias: false },
};

const layerNorm = { kind: "layer" as const, epsilon: 1e-2, bias: true };

/** Learned positions, biases everywhere, plain MLP, untied head: the GPT-2 layout and an unembedding bias. */
export const gpt2Like = {
  vocab: 300,
  hidden: 24,
  maxPositions: 40,
  learnedPositions: true,
  layers: [0, 1, 2].map(() => ({
    inputNorm: layerNorm,
    attention: {
      heads: 3,
      kvHeads: 3,
      headDim: 8,
      scale: 8 ** -0.5,
      qkvBias: true,
      outputBias: true,
    },
    postAttentionNorm: layerNorm,
    mlp: { hidden: 48, activation: "geluTanh" as const, gated: false, bias: true },
  })),
  finalNorm: layerNorm,
  head: { tied: false, bias: true },
};

const shared =
  process.env.MLXTERP_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** A folder of the shared checkpoints. */
export function sharedModel(name: string): { folder: string; available: boolean } {
  const folder = join(shared, "data/models", name);
  return { folder, available: existsSync(join(folder, "model.safetensors")) };
}

/** The largest difference between two lists of numbers, nested to any depth. */
export function largestDifference(a: unknown, b: unknown): number {
  const [left, right] = [flatten(a), flatten(b)];
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  return left.reduce((most, value, index) => Math.max(most, Math.abs(value - right[index])), 0);
}

function flatten(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return Array.from(value as ArrayLike<unknown>).flatMap(flatten);
}
