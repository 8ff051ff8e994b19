/** Finds the files of a checkpoint in a folder. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { withFile } from "@mlxterp/mlx";
import { z } from "zod";
import { CheckpointNotFoundError, CorruptCheckpointError } from "../../errors.js";
import { readJsonFile } from "./json-file.js";
import { isPlainName } from "./plain-name.js";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.js";

export const configFile = "config.json";
export const weightsFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";

/** What a folder holds, with the tensors of all weight files. */
export interface CheckpointFiles {
  readonly folder: string;
  readonly config: string;
  readonly tensors: readonly TensorEntry[];
  /** The file to name where all weights are meant: the only one, or the index. */
  readonly weights: string;
  /** What an index names and the shard lacks; published ones name tensors that were left out. */
  readonly absent?: readonly AbsentTensor[];
}

/** A tensor that an index promises in a shard without it. */
export interface AbsentTensor {
  readonly name: string;
  readonly shard: string;
}

/**
 * Looks for `config.json` and `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
 *
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) with what was looked for
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 */
export function findCheckpointFiles(folder: string, source: string = folder): CheckpointFiles {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new CheckpointNotFoundError(source, [folder], "Name a folder or a hub id.");
  }
  const config = join(folder, configFile);
  if (!existsSync(config)) refuseAdapter(folder, source);
  requireFile(config, source);
  const single = join(folder, weightsFile);
  const index = join(folder, indexFile);
  if (existsSync(single)) {
    return { folder, config, tensors: readSafetensorsHeader(single), weights: single };
  }
  if (!existsSync(index)) {
    throw new CheckpointNotFoundError(source, [single, index], otherFormats(folder));
  }
  return { folder, config, ...readShards(folder, index, source), weights: index };
}

/** @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) that tells how to use an adapter */
function refuseAdapter(folder: string, source: string): void {
  const file = join(folder, "adapter_config.json");
  if (!existsSync(file)) return;
  const { base_model_name_or_path: base } = (readJsonFile(file) ?? {}) as Record<string, unknown>;
  const name = JSON.stringify(typeof base === "string" ? base.slice(0, 200) : "its base model");
  const adapter = JSON.stringify(source);
  const wayOut = `This folder holds an adapter, not a model. Load its base with it: loadModel(${name}, { adapter: ${adapter} }).`;
  throw new CheckpointNotFoundError(source, [join(folder, configFile)], wayOut);
}

function otherFormats(folder: string): string {
  const pickled = withFile(folder, () => readdirSync(folder)).find((name) =>
    /\.(bin|pt|pth|ckpt)$/.test(name),
  );
  if (!pickled) return "Weights in other formats must be converted to safetensors.";
  return `${pickled} is a pickle, which runs code when it is read. Load it with transformers and write it with save_pretrained(folder), which makes safetensors.`;
}

function requireFile(file: string, source: string): void {
  if (existsSync(file)) return;
  throw new CheckpointNotFoundError(source, [file], "Copy the whole checkpoint folder.");
}

const weightMap = z.object({ weight_map: z.record(z.string(), z.string()) });

/** The names of the shards that an index lists. */
export function listShards(index: string): Map<string, string[]> {
  const parsed = weightMap.safeParse(readJsonFile(index));
  if (!parsed.success) {
    throw new CorruptCheckpointError(index, "it has no weight_map of tensor names to files");
  }
  const shards = new Map<string, string[]>();
  for (const [tensor, shard] of Object.entries(parsed.data.weight_map)) {
    if (!isPlainName(shard)) {
      const reason = `${JSON.stringify(String(shard).slice(0, 80))} is not a file of the same folder`;
      throw new CorruptCheckpointError(index, reason);
    }
    const listed = shards.get(shard);
    if (listed) listed.push(tensor);
    else shards.set(shard, [tensor]);
  }
  return shards;
}

function readShards(folder: string, index: string, source: string) {
  const tensors: TensorEntry[] = [];
  const absent: AbsentTensor[] = [];
  for (const [shard, names] of listShards(index)) {
    const file = join(folder, shard);
    requireFile(file, source);
    const entries = readSafetensorsHeader(file);
    const present = new Set(entries.map(({ name }) => name));
    for (const name of names) if (!present.has(name)) absent.push({ name, shard: file });
    for (const entry of entries) tensors.push(entry);
  }
  return { tensors, absent };
}
