/** Small random checkpoints in published layouts, written by the tests themselves. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { onTestFinished } from "vitest";
import type { DecoderConfig, NormConfig } from "../decoder/config/config.js";
import { keySequence } from "../decoder/model/initialize.js";

/** A folder that disappears with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-models-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A decoder with grouped queries, of either style. */
export function smallConfig(style: "llama" | "gpt2", layers = 2): DecoderConfig {
  const llama = style === "llama";
  const norm: NormConfig = { kind: llama ? "rms" : "layer", epsilon: 1e-5, bias: !llama };
  const layer = {
    inputNorm: norm,
    attention: {
      heads: 4,
      kvHeads: llama ? 2 : 4,
      headDim: 8,
      scale: 8 ** -0.5,
      qkvBias: !llama,
      outputBias: !llama,
      ...(llama && { rope: { dims: 8, base: 10_000, interleaved: false } }),
    },
    postAttentionNorm: norm,
    mlp: {
      hidden: 48,
      activation: llama ? ("silu" as const) : ("geluTanh" as const),
      gated: llama,
      bias: !llama,
    },
  };
  return {
    vocab: 19,
    hidden: 32,
    maxPositions: 24,
    learnedPositions: !llama,
    layers: Array.from({ length: layers }, () => layer),
    finalNorm: norm,
    head: { tied: !llama, bias: false },
  };
}

/** The `config.json` of `smallConfig("llama")`. */
export const llamaJson = {
  model_type: "llama",
  vocab_size: 19,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 24,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  hidden_act: "silu",
  tie_word_embeddings: false,
  eos_token_id: 2,
};

/** Random tensors under Hugging Face's names, spelled out here independently of the family's table. */
export function llamaTensors(seed = 1): Record<string, MxArray> {
  const keys = keySequence(seed);
  const random = (...shape: number[]) => mx.random.normal(shape, mx.float32, 0, 0.3, keys());
  const tensors: Record<string, MxArray> = {
    "model.embed_tokens.weight": random(19, 32),
    "model.norm.weight": random(32),
    "lm_head.weight": random(19, 32),
  };
  for (let layer = 0; layer < 2; layer++) {
    const prefix = `model.layers.${layer}`;
    tensors[`${prefix}.input_layernorm.weight`] = random(32);
    tensors[`${prefix}.self_attn.q_proj.weight`] = random(32, 32);
    tensors[`${prefix}.self_attn.k_proj.weight`] = random(16, 32);
    tensors[`${prefix}.self_attn.v_proj.weight`] = random(16, 32);
    tensors[`${prefix}.self_attn.o_proj.weight`] = random(32, 32);
    tensors[`${prefix}.post_attention_layernorm.weight`] = random(32);
    tensors[`${prefix}.mlp.gate_proj.weight`] = random(48, 32);
    tensors[`${prefix}.mlp.up_proj.weight`] = random(48, 32);
    tensors[`${prefix}.mlp.down_proj.weight`] = random(32, 48);
  }
  return tensors;
}

/** The `config.json` of `smallConfig("gpt2")`. */
export const gpt2Json = {
  model_type: "gpt2",
  vocab_size: 19,
  n_positions: 24,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  n_inner: 48,
};

/** As published GPT-2 files are: bare names, fused weights stored (in, out), and mask buffers. */
export function gpt2Tensors(seed = 1): Record<string, MxArray> {
  const keys = keySequence(seed);
  const random = (...shape: number[]) => mx.random.normal(shape, mx.float32, 0, 0.3, keys());
  const tensors: Record<string, MxArray> = {
    "wte.weight": random(19, 32),
    "wpe.weight": random(24, 32),
    "ln_f.weight": random(32),
    "ln_f.bias": random(32),
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    tensors[`${name}.weight`] = random(inputs, outputs);
    tensors[`${name}.bias`] = random(outputs);
  };
  for (const prefix of ["h.0", "h.1"]) {
    for (const norm of ["ln_1", "ln_2"]) {
      tensors[`${prefix}.${norm}.weight`] = random(32);
      tensors[`${prefix}.${norm}.bias`] = random(32);
    }
    linear(`${prefix}.attn.c_attn`, 32, 96);
    linear(`${prefix}.attn.c_proj`, 32, 32);
    linear(`${prefix}.mlp.c_fc`, 32, 48);
    linear(`${prefix}.mlp.c_proj`, 48, 32);
    tensors[`${prefix}.attn.bias`] = mx.tri(24, 24).reshape([1, 1, 24, 24]);
    tensors[`${prefix}.attn.masked_bias`] = mx.array(-1e4);
  }
  return tensors;
}

/** Writes a checkpoint and returns its folder. */
export function writeCheckpoint(
  json: object = llamaJson,
  tensors: Record<string, MxArray> = llamaTensors(),
): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "config.json"), JSON.stringify(json));
  mx.saveSafetensors(join(folder, "model.safetensors"), tensors);
  return folder;
}
