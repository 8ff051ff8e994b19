/** Reads control vectors in GGUF, as repeng and llama.cpp write them. */
import { checkText } from "@mlxterp/mlx";
import { readFileBytes } from "../checkpoint/files/file-bytes.js";
import { decodeNumbers } from "../checkpoint/files/number-formats.js";
import { type GgufTensor, readGgufHeader } from "../checkpoint/gguf/gguf-header.js";
import type { PlainName } from "../checkpoint/gguf/gguf-types.js";
import { CorruptCheckpointError, UnsupportedConfigError } from "../errors.js";
import type { ControlVector } from "./control-vector.js";

/** What files call the architecture. */
export const architecture = "controlvector";

/**
 * Reads a control vector of repeng or llama.cpp: directions that are added to the outputs of layers.
 *
 * @param file in GGUF
 * @returns a direction for each layer that has one, (hidden)
 * @throws FileAccessError (`FILE_ACCESS`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a GGUF file that holds something else
 * @example
 * writeControlVector("happy.gguf", { directions: new Map([[1, [0.5, -1]]]), modelType: "llama" });
 * const { directions } = readControlVector("happy.gguf");
 * [...directions.get(1) ?? []]; // [0.5, -1]
 */
export function readControlVector(file: string): ControlVector {
  checkText("file", file);
  const { metadata, tensors } = readGgufHeader(file);
  const found = metadata.get("general.architecture");
  if (found !== architecture) {
    const rule = `This is no control vector ("${architecture}"); a model is read by loadModel.`;
    throw new UnsupportedConfigError("general.architecture", found, file, rule);
  }
  const directions = new Map(tensors.map((tensor) => readDirection(file, tensor)));
  checkWidths(directions, file);
  const hint = metadata.get(`${architecture}.model_hint`);
  const sorted = new Map([...directions].toSorted(([a], [b]) => a - b));
  return { directions: sorted, ...(typeof hint === "string" && { modelType: hint }) };
}

function readDirection(file: string, tensor: GgufTensor): [number, Float32Array] {
  const { name, type, shape, offset, bytes } = tensor;
  const [, digits] = /^direction\.([1-9]\d{0,5})$/.exec(name) ?? [];
  if (digits === undefined) {
    const rule = 'Directions are called "direction.1", "direction.2" and so on.';
    throw new UnsupportedConfigError("tensor", name, file, rule);
  }
  if (type.block !== 1) {
    throw new UnsupportedConfigError(name, type.name, file, "Supported: F32, F16, BF16.");
  }
  if (shape.slice(0, -1).some((length) => length !== 1)) {
    throw new CorruptCheckpointError(file, `"${name}" has the shape [${shape}], and is no vector`);
  }
  const numbers = decodeNumbers(readFileBytes(file, offset, bytes), type.name as PlainName);
  if (numbers.every(Number.isFinite)) return [Number(digits), numbers];
  throw new CorruptCheckpointError(file, `"${name}" holds numbers that are not finite`);
}

function checkWidths(directions: ReadonlyMap<number, Float32Array>, file: string): void {
  if (directions.size === 0) throw new CorruptCheckpointError(file, "it has no directions");
  const widths = new Set([...directions.values()].map(({ length }) => length));
  if (widths.size === 1) return;
  throw new CorruptCheckpointError(
    file,
    `its directions have ${[...widths].join(" and ")} numbers`,
  );
}
