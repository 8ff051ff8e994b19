/** Finds the files of a checkpoint in a folder. */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { CheckpointNotFoundError, CorruptCheckpointError } from "../../errors.js";
import { readJsonFile } from "./json-file.js";
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
  requireFile(config, source);
  const single = join(folder, weightsFile);
  const index = join(folder, indexFile);
  if (existsSync(single)) {
    return { folder, config, tensors: readSafetensorsHeader(single), weights: single };
  }
  if (!existsSync(index)) {
    throw new CheckpointNotFoundError(
      source,
      [single, index],
      "Weights in other formats must be converted to safetensors.",
    );
  }
  return { folder, config, tensors: readShards(folder, index, source), weights: index };
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
    if (basename(shard) !== shard) {
      throw new CorruptCheckpointError(index, `"${shard}" is not a file of the same folder`);
    }
    shards.set(shard, [...(shards.get(shard) ?? []), tensor]);
  }
  return shards;
}

function readShards(folder: string, index: string, source: string): TensorEntry[] {
  return [...listShards(index)].flatMap(([shard, tensors]) => {
    const file = join(folder, shard);
    requireFile(file, source);
    const entries = readSafetensorsHeader(file);
    const present = new Set(entries.map(({ name }) => name));
    const absent = tensors.find((tensor) => !present.has(tensor));
    if (absent) throw new CorruptCheckpointError(file, `${index} promises "${absent}" in it`);
    return entries;
  });
}
