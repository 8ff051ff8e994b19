/** Which files of a hub repository loading needs, and whether a folder has them. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  adapterConfigFile,
  adapterWeightFiles,
  mlxAdapterWeightsFile,
} from "../checkpoint/adapters/adapter-config.js";
import { configFile } from "../checkpoint/files/checkpoint-files.js";
import {
  indexFile,
  listShards,
  torchIndexFile,
  torchWeightsFile,
  weightsFile,
} from "../checkpoint/files/weight-files.js";
import { CheckpointNotFoundError } from "../errors.js";

/** What is to be fetched of a repository. */
export interface HubFiles {
  /** Fetched first, where they are there. */
  readonly small: readonly string[];
  /** A folder that is fetched whole in the place of all else; the root where it is empty. What is in it only its listing tells. */
  readonly within?: string;
  /** Folders of small files that are fetched whole, where they are there. */
  readonly folders?: RegExp;
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

/** One file of weights, or the index of several; safetensors before what torch wrote. */
const weightLayouts = [
  [weightsFile, indexFile],
  [torchWeightsFile, torchIndexFile],
] as const;

/** A model: configuration, tokenizer and weights. */
export const modelFiles: HubFiles = {
  small: [
    configFile,
    "generation_config.json",
    ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model"],
    ...["chat_template.jinja", "modules.json", "config_sentence_transformers.json"],
    adapterConfigFile,
  ],
  folders: /^[1-9]_(Pooling|Dense|Normalize)$/,
  weights(paths, snapshot, id) {
    for (const [single, index] of weightLayouts) {
      if (paths.has(single)) return [single];
      if (paths.has(index)) {
        return existsSync(join(snapshot, index)) ? [index, ...shardsOf(snapshot, index)] : [index];
      }
    }
    const looked = weightLayouts.flat();
    if (paths.has(adapterConfigFile) && !paths.has(configFile)) {
      const call = `loadModel(base, { adapter: ${JSON.stringify(id)} })`;
      const wayOut = `This repository holds an adapter, not a model. Load the model it was trained for with it: ${call}; its ${adapterConfigFile} names that.`;
      throw new CheckpointNotFoundError(id, looked, wayOut);
    }
    throw new CheckpointNotFoundError(
      id,
      looked,
      "This repository has no safetensors weights and none of torch; look for a converted one.",
    );
  },
  isComplete(snapshot) {
    const has = (file: string) => existsSync(join(snapshot, file));
    if (!has(configFile)) return false;
    return weightLayouts.some(
      ([single, index]) => has(single) || (has(index) && shardsOf(snapshot, index).every(has)),
    );
  },
};

/** A LoRA adapter in the layout of PEFT or of mlx-lm. */
export const adapterFiles: HubFiles = {
  small: [adapterConfigFile],
  weights(paths, _snapshot, id) {
    const found = allAdapterWeights.find((file) => paths.has(file));
    if (found) return [found];
    throw new CheckpointNotFoundError(
      id,
      allAdapterWeights,
      "This repository has no adapter; name one that PEFT or mlx-lm has written.",
    );
  },
  isComplete: (snapshot) =>
    existsSync(join(snapshot, adapterConfigFile)) &&
    allAdapterWeights.some((file) => existsSync(join(snapshot, file))),
};

const allAdapterWeights = [...adapterWeightFiles, mlxAdapterWeightsFile];

function shardsOf(folder: string, index: string): string[] {
  return [...listShards(join(folder, index)).keys()];
}

/** Settings and tensors, by the ends of their names: never code, pictures or texts. */
const dataFiles = /\.(json|ya?ml|npz|pt|pth|safetensors)$/;

/** What is fetched of a folder: settings and tensors in it, and in what Llama Scope calls its checkpoints. */
export function isWantedWithin(folder: string, path: string): boolean {
  const inside = folder === "" ? path : path.slice(folder.length + 1);
  return dataFiles.test(path) && (!inside.includes("/") || /^checkpoints\/[^/]+$/.test(inside));
}

/** One folder of a repository in which several things stand side by side, such as dictionaries of many layers. */
export function folderFiles(folder: string): HubFiles {
  return {
    ...{ small: [], within: folder, weights: () => [] },
    isComplete(snapshot) {
      const place = join(snapshot, folder);
      return existsSync(place) && readdirSync(place).some((name) => dataFiles.test(name));
    },
  };
}
