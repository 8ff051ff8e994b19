/** Writes a checkpoint in Hugging Face's layout, and puts a finished folder in place in one step. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { evaluate, mx } from "@mlxterp/mlx";
import { type Decoder, listParameters } from "@mlxterp/models";
import { configJson } from "./architecture.js";
import { tokenizerConfigJson, tokenizerJson } from "./tokenizer-file.js";

/** Our module names and the checkpoint's, most specific first. */
const renames: readonly (readonly [from: RegExp, to: string])[] = [
  [/^lmHead/, "lm_head"],
  [/^finalNorm/, "model.norm"],
  [/^embedTokens/, "model.embed_tokens"],
  [/^layers/, "model.layers"],
  [/inputNorm/, "input_layernorm"],
  [/postAttentionNorm/, "post_attention_layernorm"],
  [/selfAttn/, "self_attn"],
  [/([a-z]+)Proj/, "$1_proj"],
];

/** The checkpoint's name of a parameter, such as `model.layers.0.self_attn.q_proj.weight`. */
function checkpointName(path: string): string {
  return renames.reduce((name, [from, to]) => name.replace(from, to), path);
}

/** Writes everything but the card: float16 weights, configuration and tokenizer. */
export async function writeCheckpoint(decoder: Decoder, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const weights = [...listParameters(decoder)].map(
    ([path, array]) => [checkpointName(path), array.astype(mx.float16)] as const,
  );
  await evaluate(weights.map(([, array]) => array));
  const file = join(folder, "model.safetensors");
  mx.saveSafetensors(file, Object.fromEntries(weights), { format: "pt" });
  writeJson(join(folder, "config.json"), configJson);
  writeJson(join(folder, "tokenizer.json"), tokenizerJson);
  writeJson(join(folder, "tokenizer_config.json"), tokenizerConfigJson);
}

/** Writes readable JSON. */
export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 1)}\n`);
}

/** A folder beside the target, so that moving it there is a rename on one file system. */
export function draftFolder(target: string): string {
  return join(dirname(target), `.${basename(target)}-${process.pid}`);
}

/** Puts a finished draft in the target's place: readers see the old folder or the new one, complete. */
export function publishDraft(draft: string, target: string): void {
  const old = `${draft}-old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(draft, target);
  rmSync(old, { recursive: true, force: true });
}
