/** Reads an adapter from a folder in the layout of PEFT or of mlx-lm. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, openTensors, readTorchTensor } from "@mlxterp/mlx";
import { CheckpointNotFoundError } from "../../errors.js";
import { readJsonFile } from "../files/json-file.js";
import { readSafetensorsHeader } from "../files/safetensors-header.js";
import { readTorchTensors } from "../files/torch-source.js";
import {
  adapterConfigFile,
  adapterWeightFiles,
  mlxAdapterWeightsFile,
  readAdapterConfig,
} from "./adapter-config.js";
import { type AdapterParts, adapterParts } from "./adapter-tensors.js";

/** An adapter; safetensors are read lazily. */
export interface Adapter extends AdapterParts {
  readonly file: string;
  /** The model it was trained for, where it says so. */
  readonly base: string | undefined;
}

/**
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnsupportedConfigError (`UNSUPPORTED_CONFIG`), UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`), WeightShapeError
 * (`WEIGHT_SHAPE`), UnsupportedFileError (`UNSUPPORTED_FILE`) for a torch file that would run code
 */
export function readAdapter(folder: string): Adapter {
  const configFile = join(folder, adapterConfigFile);
  if (!existsSync(configFile)) {
    const model = existsSync(join(folder, "config.json"));
    const wayOut = model
      ? "This folder holds a model, not an adapter. Load it by itself: loadModel(folder)."
      : "Name a folder that PEFT or mlx-lm has written.";
    throw new CheckpointNotFoundError(folder, [configFile], wayOut);
  }
  const config = readAdapterConfig(readJsonFile(configFile), configFile);
  const names = config.layout === "mlx" ? [mlxAdapterWeightsFile] : adapterWeightFiles;
  const file = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (!file) {
    const looked = names.map((name) => join(folder, name));
    throw new CheckpointNotFoundError(folder, looked, "Copy the whole folder of the adapter.");
  }
  return { file, base: config.base, ...adapterParts(readTensors(file), config, file) };
}

function readTensors(file: string): Map<string, MxArray> {
  if (file.endsWith(".bin")) {
    return new Map(
      [...readTorchTensors(file)].map(([name, found]) => [name, readTorchTensor(found)]),
    );
  }
  const names = readSafetensorsHeader(file).map(({ name }) => name);
  const arrays = openTensors(file);
  return new Map(names.map((name) => [name, arrays[name]]));
}
