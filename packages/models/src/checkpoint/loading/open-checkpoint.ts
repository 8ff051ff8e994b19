/** Opens a checkpoint: its configuration, and the headers of its weights. */
import { readFileSync } from "node:fs";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { loadTokenizer, type TextTokenizer } from "../../tokenizer/tokenizer.js";
import { type CheckpointFiles, findCheckpointFiles } from "../files/checkpoint-files.js";
import { readJsonFile } from "../files/json-file.js";
import { SafetensorsSource, type TensorSource } from "../files/tensor-source.js";
import { openGguf } from "../gguf/open-gguf.js";
import { Fp8Source } from "../quantization/fp8.js";
import { findMxfp4, Mxfp4Source, mxfp4Scheme } from "../quantization/mxfp4.js";
import { type Packing, takePacking } from "../quantization/packing-config.js";
import type { WeightTable } from "../table/weight-table.js";

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
  readonly table: ((config: DecoderConfig) => WeightTable) | undefined;
  /** The config.json as it is written; absent where there is none, and then nothing can be saved. */
  readonly configText: string | undefined;
  readonly source: TensorSource;
  /** Made when it is asked for; undefined where there is none. */
  readonly tokenizer: () => TextTokenizer | undefined;
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
  const { rest: json, packing, fp8 } = takePacking(readJsonFile(config), config);
  const configText = readFileSync(config, "utf8");
  const tokenizer = () => loadTokenizer(folder);
  const common = { folder, config, json, table: undefined, configText, tokenizer };
  if (fp8) {
    const source = new Fp8Source(files.tensors, fp8);
    return { ...common, files: { ...files, tensors: source.entries }, packing, source };
  }
  const encoded = findMxfp4(files.tensors);
  if (encoded.length === 0) return { ...common, files, packing, source: new SafetensorsSource() };
  const source = new Mxfp4Source(files.tensors, encoded);
  return {
    ...common,
    files: { ...files, tensors: source.entries },
    packing: packing ?? { schemeOf: () => mxfp4Scheme },
    source,
  };
}
