/** Finds the files of a checkpoint in a folder. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointNotFoundError } from "../../errors.js";
import { readJsonFile } from "./json-file.js";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.js";
import type { TensorSource } from "./tensor-source.js";
import { TorchSource } from "./torch-source.js";
import { type FoundWeights, findWeights } from "./weight-files.js";

export const configFile = "config.json";

/** What a folder holds, with the tensors of all weight files. */
export interface CheckpointFiles {
  readonly folder: string;
  readonly config: string;
  readonly tensors: readonly TensorEntry[];
  /** The file to name where all weights are meant: the only one, or the index. */
  readonly weights: string;
  /** What an index names and the shard lacks; published ones name tensors that were left out. */
  readonly absent?: readonly AbsentTensor[];
  /** Where the numbers are to be read; safetensors files need nothing opened. */
  readonly source?: TensorSource;
}

/** A tensor that an index promises in a shard without it. */
export interface AbsentTensor {
  readonly name: string;
  readonly shard: string;
}

/**
 * Looks for `config.json` and weights in safetensors or of torch, in one file or in shards.
 *
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) with what was looked for
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`); UnsupportedFileError (`UNSUPPORTED_FILE`) for a torch file with objects
 */
export function findCheckpointFiles(folder: string, source: string = folder): CheckpointFiles {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new CheckpointNotFoundError(source, [folder], "Name a folder or a hub id.");
  }
  const config = join(folder, configFile);
  if (!existsSync(config)) refuseAdapter(folder, source);
  requireFile(config, source);
  return { folder, config, ...readTensors(findWeights(folder, source)) };
}

/** @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) that tells how to use an adapter */
function refuseAdapter(folder: string, source: string): void {
  const file = join(folder, "adapter_config.json");
  if (!existsSync(file)) return;
  const { base_model_name_or_path, model } = (readJsonFile(file) ?? {}) as Record<string, unknown>;
  const base = base_model_name_or_path ?? model; // PEFT calls it so, or mlx-lm
  const name = JSON.stringify(typeof base === "string" ? base.slice(0, 200) : "its base model");
  const adapter = JSON.stringify(source);
  const wayOut = `This folder holds an adapter, not a model. Load its base with it: loadModel(${name}, { adapter: ${adapter} }).`;
  throw new CheckpointNotFoundError(source, [join(folder, configFile)], wayOut);
}

function requireFile(file: string, source: string): void {
  if (existsSync(file)) return;
  throw new CheckpointNotFoundError(source, [file], "Copy the whole checkpoint folder.");
}

/** The tensors of all files, from their headers. @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) */
export function readTensors({ format, files, named }: FoundWeights) {
  const torch = format === "torch" ? new TorchSource() : undefined;
  const tensors: TensorEntry[] = [];
  const absent: AbsentTensor[] = [];
  for (const { file, promised } of files) {
    const entries = torch ? torch.open(file) : readSafetensorsHeader(file);
    const present = new Set(entries.map(({ name }) => name));
    for (const name of promised) if (!present.has(name)) absent.push({ name, shard: file });
    for (const entry of entries) tensors.push(entry);
  }
  return { tensors, absent, weights: named, source: torch };
}
