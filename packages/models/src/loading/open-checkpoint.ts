/** Opens a checkpoint: its configuration, and the headers of its weights. */
import { readFileSync } from "node:fs";
import type { WeightTable } from "../families/weight-table.js";
import { openGguf } from "../gguf/open-gguf.js";
import { type Packing, takePacking } from "../quantization/packing-config.js";
import { type CheckpointFiles, findCheckpointFiles } from "./checkpoint-files.js";
import { readJsonFile } from "./json-file.js";
import { SafetensorsSource, type TensorSource } from "./tensor-source.js";

/** Everything about a checkpoint but its numbers. */
export interface OpenedCheckpoint {
  readonly folder: string;
  /** The file to name where the configuration is meant. */
  readonly config: string;
  /** As a family reads it. */
  readonly json: unknown;
  readonly files: Pick<CheckpointFiles, "tensors" | "weights">;
  readonly packing: Packing | undefined;
  /** Where names are not those of the family. */
  readonly table: WeightTable | undefined;
  /** The config.json as it is written; absent where there is none, and then nothing can be saved. */
  readonly configText: string | undefined;
  readonly source: TensorSource;
}

/**
 * @param location a folder, or a GGUF file
 * @param name what the user called it, for messages
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function openCheckpoint(location: string, name: string): OpenedCheckpoint {
  if (location.endsWith(".gguf")) return openGguf(location);
  const files = findCheckpointFiles(location, name);
  const { config, folder } = files;
  const { rest: json, packing } = takePacking(readJsonFile(config), config);
  const source = new SafetensorsSource();
  const configText = readFileSync(config, "utf8");
  return { folder, config, json, files, packing, table: undefined, configText, source };
}
