/** Opens a checkpoint: its configuration, and the headers of its weights. */
import { ggufArchitectures } from "../../families/index.js";
import { loadTokenizer } from "../../tokenizer/tokenizer.js";
import { type CheckpointFiles, findCheckpointFiles } from "../files/checkpoint-files.js";
import { readJsonFile, readTextFile } from "../files/json-file.js";
import { SafetensorsSource } from "../files/tensor-source.js";
import { openGguf } from "../gguf/open-gguf.js";
import type { OpenedCheckpoint } from "../opened-checkpoint.js";
import { Fp8Source } from "../quantization/fp8.js";
import { IntegerCodeSource } from "../quantization/integer-codes.js";
import { findMxfp4, Mxfp4Source, mxfp4Scheme } from "../quantization/mxfp4.js";
import { type Packing, type TakenPacking, takePacking } from "../quantization/packing-config.js";
import { unwrap } from "../wrappers/unwrap.js";
import { ignoredCode } from "./code-pointers.js";

/**
 * @param location a folder, or a GGUF file
 * @param name what the user called it, for messages
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnsupportedConfigError (`UNSUPPORTED_CONFIG`), UnsupportedFileError (`UNSUPPORTED_FILE`)
 */
export function openCheckpoint(location: string, name: string): OpenedCheckpoint {
  if (location.endsWith(".gguf")) return openGguf(location, ggufArchitectures);
  const files = findCheckpointFiles(location, name);
  const { config, folder } = files;
  const { rest, packing, ...encoding } = takePacking(readJsonFile(config), config);
  const unwrapped = unwrap(rest, config, files.tensors);
  const json = unwrapped?.json ?? rest;
  const configText = readTextFile(config);
  const tokenizer = () => loadTokenizer(folder);
  const notes = [...(unwrapped?.notes ?? []), ...ignoredCode(rest, config)];
  const common = { folder, config, json, table: undefined, configText, tokenizer, notes };
  return { ...common, ...(unwrapped && { unwrapped }), ...sourceOf(files, packing, encoding) };
}

type Numbers = Pick<OpenedCheckpoint, "files" | "packing" | "source">;

/** Where the numbers come from, and how they are packed. */
function sourceOf(
  files: CheckpointFiles,
  packing: Packing | undefined,
  { fp8, codes }: Pick<TakenPacking, "fp8" | "codes">,
): Numbers {
  if (files.source) return { files, packing, source: files.source };
  if (codes) {
    const source = new IntegerCodeSource(files.tensors, codes);
    return { files: { ...files, tensors: source.entries }, packing, source };
  }
  if (fp8) {
    const source = new Fp8Source(files.tensors, fp8);
    return { files: { ...files, tensors: source.entries }, packing, source };
  }
  const encoded = findMxfp4(files.tensors);
  if (encoded.length === 0) return { files, packing, source: new SafetensorsSource() };
  const source = new Mxfp4Source(files.tensors, encoded);
  return {
    files: { ...files, tensors: source.entries },
    packing: packing ?? { schemeOf: () => mxfp4Scheme },
    source,
  };
}
