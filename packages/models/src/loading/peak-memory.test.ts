/** The memory that loading needs, measured by the system in processes of their own. */
import { execFile } from "node:child_process";
import { platform } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { writeCheckpoint } from "../test-support/checkpoints.js";

const script = fileURLToPath(new URL("../test-support/measure-loading.ts", import.meta.url));
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

/** GPT-2 needs the most work on loading: every matrix is transposed, and one in four split. */
function gpt2Checkpoint(): string {
  const [hidden, vocab, layers] = [1024, 4000, 5];
  const random = (...shape: number[]) => mx.random.normal(shape, mx.float32).astype(mx.bfloat16);
  const tensors: Record<string, MxArray> = {
    "wte.weight": random(vocab, hidden),
    "wpe.weight": random(64, hidden),
    "ln_f.weight": random(hidden),
    "ln_f.bias": random(hidden),
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
      tensors[`h.${layer}.${name}.weight`] = random(...shape);
      tensors[`h.${layer}.${name}.bias`] = random(shape[shape.length - 1]);
    }
  }
  const sizes = { n_positions: 64, n_embd: hidden, n_layer: layers, n_head: 16 };
  return writeCheckpoint({ model_type: "gpt2", vocab_size: vocab, ...sizes }, tensors);
}

describe.skipIf(platform() !== "linux")(
  "loading half-precision weights, cast, split and transposed",
  () => {
    it("needs at most 1.15 times the memory of the final weights", async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "--conditions=@mlxterp/source", script, gpt2Checkpoint()],
        { cwd: packageFolder },
      );
      const { peakBytes, weightBytes } = JSON.parse(stdout) as Record<string, number>;
      expect(weightBytes).toBeGreaterThan(250e6);
      expect(peakBytes / weightBytes).toBeLessThan(1.15);
    });
  },
);
