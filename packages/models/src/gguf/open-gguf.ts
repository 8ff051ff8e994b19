/** Opens a GGUF file as a checkpoint, whose blocks are packed matrices of 4 or 8 bits in groups of 32. */
import { dirname } from "node:path";
import type { OpenedCheckpoint } from "../loading/open-checkpoint.js";
import type { TensorEntry } from "../loading/safetensors-header.js";
import { bitsOf, groupSize } from "./gguf-blocks.js";
import { type GgufTensor, readGgufHeader } from "./gguf-header.js";
import { ggufConfig, ggufTable } from "./gguf-llama.js";
import { GgufSource } from "./gguf-source.js";

/**
 * A tokenizer is looked for beside the file.
 *
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function openGguf(file: string): OpenedCheckpoint {
  const header = readGgufHeader(file);
  const json = ggufConfig(header, file);
  const bits = new Map(header.tensors.map(({ name, type }) => [name, bitsOf(type) ?? 8]));
  return {
    folder: dirname(file),
    config: file,
    json,
    files: { weights: file, tensors: header.tensors.flatMap((tensor) => entriesOf(tensor, file)) },
    packing: { schemeOf: (module) => ({ bits: bits.get(`${module}.weight`) ?? 8, groupSize }) },
    table: ggufTable(json),
    configText: undefined,
    source: new GgufSource(file, header.tensors),
  };
}

/** The arrays that a tensor becomes: three, where it is packed. */
function entriesOf({ name, type, shape }: GgufTensor, file: string): TensorEntry[] {
  const bits = bitsOf(type);
  if (!bits) return [{ name, dtype: type, shape, file }];
  const [columns = 0] = shape.slice(-1);
  const rows = shape.slice(0, -1);
  const module = name.replace(/\.weight$/, "");
  const groups = [...rows, columns / groupSize];
  return [
    { name, dtype: "U32", shape: [...rows, (columns * bits) / 32], file },
    { name: `${module}.scales`, dtype: "F32", shape: groups, file },
    { name: `${module}.biases`, dtype: "F32", shape: groups, file },
  ];
}
