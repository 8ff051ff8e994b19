/** Which files of a hub repository loading needs, and whether a folder has them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { adapterConfigFile, adapterWeightsFile } from "../checkpoint/adapters/adapter-config.js";
import {
  configFile,
  indexFile,
  listShards,
  weightsFile,
} from "../checkpoint/files/checkpoint-files.js";
import { CheckpointNotFoundError } from "../errors.js";

/** What is to be fetched of a repository. */
export interface HubFiles {
  /** Fetched first, where they are there. */
  readonly small: readonly string[];
  /**
   * The weights among a repository's files. Shards are known once their index is there, so this is asked
   * again after each fetch.
   *
   * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) when there are none
   */
  weights(paths: ReadonlySet<string>, snapshot: string, id: string): readonly string[];
  /** Whether a snapshot has all that loading cannot do without. */
  isComplete(snapshot: string): boolean;
}

/** A model: configuration, tokenizer and safetensors weights. */
export const modelFiles: HubFiles = {
  small: [
    configFile,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
  ],
  weights(paths, snapshot, id) {
    if (paths.has(weightsFile)) return [weightsFile];
    if (paths.has(indexFile)) {
      return existsSync(join(snapshot, indexFile))
        ? [indexFile, ...shardsOf(snapshot)]
        : [indexFile];
    }
    throw new CheckpointNotFoundError(
      id,
      [weightsFile, indexFile],
      "This repository has no safetensors weights; look for a converted one.",
    );
  },
  isComplete(snapshot) {
    const has = (file: string) => existsSync(join(snapshot, file));
    if (!has(configFile)) return false;
    return has(weightsFile) || (has(indexFile) && shardsOf(snapshot).every(has));
  },
};

/** A LoRA adapter in PEFT's layout. */
export const adapterFiles: HubFiles = {
  small: [adapterConfigFile],
  weights(paths, _snapshot, id) {
    if (paths.has(adapterWeightsFile)) return [adapterWeightsFile];
    throw new CheckpointNotFoundError(
      id,
      [adapterWeightsFile],
      "This repository has no adapter in safetensors; look for a converted one.",
    );
  },
  isComplete: (snapshot) =>
    [adapterConfigFile, adapterWeightsFile].every((file) => existsSync(join(snapshot, file))),
};

function shardsOf(folder: string): string[] {
  return [...listShards(join(folder, indexFile)).keys()];
}
