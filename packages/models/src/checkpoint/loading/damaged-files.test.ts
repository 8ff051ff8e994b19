/** Damaged checkpoints, in processes of their own: every one loads or is refused with an error of ours, and soon. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { llamaTensors, temporaryFolder, writeCheckpoint } from "../../test-support/checkpoints.js";
import { encode, type GgufKind, type GgufPart, writeGguf } from "../../test-support/gguf-file.js";
import { referenceFolder } from "../../test-support/reference-folders.js";
import { runDamaged } from "../../test-support/run-damaged.js";

const program = new URL("../../test-support/load-damaged.ts", import.meta.url);
/** `DAMAGED_FILES=5000 DAMAGED_FROM=1` for a long run. */
const count = Number(process.env.DAMAGED_FILES ?? 100);
const first = Number(process.env.DAMAGED_FROM ?? 1);
const patience = Number(process.env.DAMAGED_PATIENCE ?? 20_000); // a busy machine is no hang
const seeds = { first, count, patience };

/** One of every kind of small file: configurations of several families, an index, a GGUF header, an adapter. */
function checkpoints(): { base: string; folders: string[] } {
  const base = writeCheckpoint();
  const place = temporaryFolder();
  const folder = (name: string) => {
    mkdirSync(join(place, name));
    return join(place, name);
  };
  const adapter = folder("adapter");
  const settings = {
    peft_type: "LORA",
    r: 4,
    lora_alpha: 8,
    bias: "none",
    alpha_pattern: { x: 2 },
  };
  writeFileSync(join(adapter, "adapter_config.json"), JSON.stringify(settings));
  mx.saveSafetensors(join(adapter, "adapter_model.safetensors"), {
    "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": mx.ones([4, 32]),
    "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight": mx.ones([32, 4]),
  });
  const sharded = folder("sharded");
  for (const file of ["config.json", "model.safetensors"]) {
    const target = file.replace("model.s", "model-00001-of-00001.s");
    copyFileSync(join(base, file), join(sharded, target));
  }
  const map = Object.keys(llamaTensors()).map((name) => [name, "model-00001-of-00001.safetensors"]);
  const index = { metadata: { total_size: 1 }, weight_map: Object.fromEntries(map) };
  writeFileSync(join(sharded, "model.safetensors.index.json"), JSON.stringify(index));
  const gguf = folder("gguf");
  copyFileSync(writeSmallGguf(), join(gguf, "model.gguf"));
  const families = ["bloom/norms-first", "deepseek_v3/direct", "gpt_oss/full", "phi3/longrope"];
  const more = ["gemma3_text/scaling-beside", "falcon/alibi", "opt/galactica", "gpt_neo/global"];
  const miniatures = [...families, ...more].map(referenceFolder);
  return { base, folders: [base, adapter, gguf, sharded, gguf, ...miniatures] };
}

function writeSmallGguf(): string {
  const metadata = {
    "general.architecture": "gpt2",
    "general.alignment": 32,
    "gpt2.embedding_length": 32,
    "gpt2.feed_forward_length": 64,
    "gpt2.block_count": 1,
    "gpt2.attention.head_count": 4,
    "gpt2.context_length": 24,
    "gpt2.attention.layer_norm_epsilon": 1e-5,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["a", "b", "ab"],
    "tokenizer.ggml.token_type": [1, 1, 3],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.eos_token_id": 2,
  };
  const part = (name: string, ...shape: number[]): GgufPart => {
    const [kind, matrix]: [GgufKind, number[]] =
      shape.length === 1 ? ["F32", [1, ...shape]] : ["Q8_0", shape];
    return { name, kind, shape, data: encode(mx.ones(matrix), kind).data };
  };
  const norms = ["blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"].flatMap((name) => [
    part(`${name}.weight`, 32),
    part(`${name}.bias`, 32),
  ]);
  const layer = [
    part("blk.0.attn_qkv.weight", 96, 32),
    part("blk.0.attn_qkv.bias", 96),
    part("blk.0.attn_output.weight", 32, 32),
    part("blk.0.attn_output.bias", 32),
    part("blk.0.ffn_up.weight", 64, 32),
    part("blk.0.ffn_up.bias", 64),
    part("blk.0.ffn_down.weight", 32, 64),
    part("blk.0.ffn_down.bias", 32),
  ];
  const outer = [part("token_embd.weight", 3, 32), part("position_embd.weight", 24, 32)];
  return writeGguf(metadata, [...outer, ...norms, ...layer]);
}

it(`${count} damaged checkpoints crash nothing, hang nothing, and are refused in this library's words`, async () => {
  const { base, folders } = checkpoints();
  const { done, faults } = await runDamaged(program, [base, ...folders], seeds);
  expect(faults).toEqual([]);
  expect(done).toBe(count);
}, 3_600_000);
