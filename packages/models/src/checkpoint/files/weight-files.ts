/** Finds a folder's weights: one file, the shards of an index or of their numbers, of safetensors or of torch. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { withFile } from "@mlxterp/mlx";
import { z } from "zod";
import { CheckpointNotFoundError, CorruptCheckpointError } from "../../errors.js";
import { readJsonFile } from "./json-file.js";
import { isPlainName } from "./plain-name.js";

export const weightsFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";
export const torchWeightsFile = "pytorch_model.bin";
export const torchIndexFile = "pytorch_model.bin.index.json";

/** A file of weights, and the tensors that an index promises in it. */
export interface WeightFile {
  readonly file: string;
  readonly promised: readonly string[];
}

/** All weights of a folder. */
export interface FoundWeights {
  readonly format: "safetensors" | "torch";
  readonly files: readonly WeightFile[];
  /** The file to name where all weights are meant. */
  readonly named: string;
}

/** Files of torch that training leaves and that are no weights. */
const leftovers = /^(training_args|optimizer|scheduler|scaler|rng_state.*|random_states.*)\./;
const torchFile = /\.(bin|pt|pth|ckpt)$/;

/**
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) with what was looked for and what is there;
 * CorruptCheckpointError (`CORRUPT_CHECKPOINT`) for an index without names
 */
export function findWeights(folder: string, source: string): FoundWeights {
  const names = withFile(folder, () => readdirSync(folder));
  const has = (name: string) => existsSync(join(folder, name));
  const formats = [
    ["safetensors", weightsFile, indexFile, /^model-(\d+)-of-(\d+)\.safetensors$/],
    ["torch", torchWeightsFile, torchIndexFile, /^pytorch_model-(\d+)-of-(\d+)\.bin$/],
  ] as const;
  for (const [format, single, index, numbered] of formats) {
    if (has(single)) return oneFile(format, join(folder, single));
    if (has(index)) return indexedFiles(format, folder, index, source);
    const shards = numberedFiles(folder, names, numbered, source);
    if (shards) return { format, files: shards, named: folder };
  }
  const torch = names.filter((name) => torchFile.test(name) && !leftovers.test(name));
  if (torch.length === 1) return oneFile("torch", join(folder, torch[0]));
  throw new CheckpointNotFoundError(
    source,
    formats.flatMap(([, single, index]) => [join(folder, single), join(folder, index)]),
    whatIsThere(names, torch),
  );
}

function oneFile(format: FoundWeights["format"], file: string): FoundWeights {
  return { format, files: [{ file, promised: [] }], named: file };
}

function indexedFiles(
  format: FoundWeights["format"],
  folder: string,
  index: string,
  source: string,
): FoundWeights {
  const named = join(folder, index);
  const files = [...listShards(named)].map(([shard, promised]) => {
    const file = join(folder, shard);
    if (existsSync(file)) return { file, promised };
    throw new CheckpointNotFoundError(source, [file], "Copy the whole checkpoint folder.");
  });
  return { format, files, named };
}

/** Shards without an index are all there, or none is used. */
function numberedFiles(
  folder: string,
  names: readonly string[],
  pattern: RegExp,
  source: string,
): WeightFile[] | undefined {
  const found = names.flatMap((name) => {
    const [, number, count] = pattern.exec(name) ?? [];
    return number === undefined ? [] : [{ name, number: Number(number), count: Number(count) }];
  });
  if (found.length === 0) return undefined;
  const [{ count }] = found;
  const numbers = new Set(found.map(({ number }) => number));
  const missing = Array.from({ length: Math.min(count, 1000) }, (_, index) => index + 1).filter(
    (number) => !numbers.has(number),
  );
  const uniform = found.length === count && found.every((each) => each.count === count);
  if (uniform && missing.length === 0) {
    return found.map(({ name }) => ({ file: join(folder, name), promised: [] }));
  }
  const which =
    missing.length > 0 ? `number ${missing.slice(0, 5).join(", ")} of ${count}` : "an index";
  const wayOut = `There are ${found.length} shards and no index, but ${which} is missing. Copy the whole checkpoint folder.`;
  throw new CheckpointNotFoundError(source, [join(folder, found[0].name)], wayOut);
}

function whatIsThere(names: readonly string[], torch: readonly string[]): string {
  if (torch.length > 1) {
    return `There are several files of torch (${torch.slice(0, 4).join(", ")}). Keep only the one with the weights, or call it ${torchWeightsFile}.`;
  }
  const other = names.find((name) => /\.(safetensors|gguf|npz|h5|msgpack|onnx|nemo)$/.test(name));
  if (other?.endsWith(".gguf")) return `There is ${other}: give that file as the source.`;
  if (other?.endsWith(".safetensors")) {
    return `There is ${other}. Call it ${weightsFile}, if all weights are in it.`;
  }
  const there = other ? `There is ${other}. ` : "";
  return `${there}Weights in other formats than safetensors, torch and GGUF must be converted.`;
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
