/** Reads and checks the header of a GGUF file, before any of its numbers are read. */
import { fileSize } from "@mlxterp/mlx";
import { CorruptCheckpointError, UnsupportedConfigError } from "../../errors.js";
import { readFileBytes } from "../files/file-bytes.js";
import { GgufReader, type GgufValue } from "./gguf-reader.js";
import { type GgufType, ggufTypes, otherType } from "./gguf-types.js";

export interface GgufTensor {
  readonly name: string;
  readonly type: GgufType;
  /** As everywhere here, (out, in); the file has them the other way round. */
  readonly shape: readonly number[];
  /** Where its bytes begin in the file, and how many they are. */
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

const magic = 0x46554747; // "GGUF"
/** What is read at first; vocabularies are part of the header, and may need more. */
const firstBytes = 2 ** 20;
const largestHeader = 256 * 2 ** 20;
const defaultAlignment = 32;
const largestAlignment = 2 ** 20;
const longestAxis = 2 ** 31 - 1; // of an array in MLX

/**
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a version
 * or a type of tensor that is not implemented
 */
export function readGgufHeader(file: string): GgufHeader {
  const size = fileSize(file);
  let length = Math.min(size, firstBytes);
  for (;;) {
    const reader = new GgufReader(readFileBytes(file, 0, length), file);
    try {
      return parseHeader(reader, size, file);
    } catch (error) {
      const complete = length === size || length >= largestHeader;
      if (complete || !(error instanceof CorruptCheckpointError) || !reader.ended) throw error;
      length = Math.min(size, 8 * length);
    }
  }
}

function parseHeader(reader: GgufReader, size: number, file: string): GgufHeader {
  if (reader.uint32() !== magic) throw new CorruptCheckpointError(file, "it is not a GGUF file");
  const version = reader.uint32();
  if (version !== 2 && version !== 3) {
    throw new UnsupportedConfigError("version", version, file, "Supported: 2, 3.");
  }
  // A tensor takes a name, a rank, a length, a type and an offset; a value a name, a type and a byte.
  const tensorCount = reader.count(32, "", "tensors");
  const valueCount = reader.count(13, "", "values");
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < valueCount; index++) {
    const key = reader.text();
    metadata.set(key, reader.value(reader.uint32()));
  }
  const tensors: GgufTensor[] = [];
  for (let index = 0; index < tensorCount; index++) tensors.push(readTensor(reader, file));
  const alignment = alignmentOf(metadata, file);
  const start = Math.ceil(reader.position / alignment) * alignment;
  const crooked = tensors.find(({ offset }) => offset % alignment !== 0);
  if (crooked) {
    throw new CorruptCheckpointError(
      file,
      `"${crooked.name}" does not begin at a multiple of ${alignment}`,
    );
  }
  checkNames(tensors, file);
  checkExtents(tensors, size - start, file);
  return {
    metadata,
    tensors: tensors.map((tensor) => ({ ...tensor, offset: start + tensor.offset })),
  };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, file: string): number {
  const alignment = metadata.get("general.alignment") ?? defaultAlignment;
  const powerOfTwo =
    Number.isSafeInteger(alignment) && Number.isInteger(Math.log2(Number(alignment)));
  if (powerOfTwo && Number(alignment) <= largestAlignment) return Number(alignment);
  const shown = typeof alignment === "number" ? alignment : typeof alignment;
  const rule = `its general.alignment is ${shown}; it must be a power of two up to ${largestAlignment}`;
  throw new CorruptCheckpointError(file, rule);
}

function readTensor(reader: GgufReader, file: string): GgufTensor {
  const name = reader.text();
  const rank = reader.uint32();
  if (rank < 1 || rank > 4) throw new CorruptCheckpointError(file, `"${name}" has ${rank} axes`);
  const lengths = Array.from({ length: rank }, () => reader.uint64());
  if (lengths.some((length) => length < 1 || length > longestAxis)) {
    throw new CorruptCheckpointError(file, `"${name}" has axes of ${lengths.join(", ")}`);
  }
  const code = reader.uint32();
  const type = Object.hasOwn(ggufTypes, code) ? ggufTypes[code] : undefined;
  if (!type) {
    const known = Object.values(ggufTypes).map(({ name: known }) => known);
    const rule = `Tensors of this type are not implemented; supported: ${known.join(", ")}. Look for a file in one of them.`;
    throw new UnsupportedConfigError(name, otherType(code), file, rule);
  }
  if (lengths[0] % type.block !== 0) {
    throw new CorruptCheckpointError(file, `"${name}" has rows that are no whole blocks`);
  }
  const count = lengths.reduce((product, length) => product * length, 1);
  const bytes = (count / type.block) * type.blockBytes;
  return { name, type, shape: lengths.toReversed(), offset: reader.uint64(), bytes };
}

function checkNames(tensors: readonly GgufTensor[], file: string): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name)) throw new CorruptCheckpointError(file, `it has two tensors "${name}"`);
    names.add(name);
  }
}

/** Every tensor must lie within the file and on no other. */
function checkExtents(tensors: readonly GgufTensor[], dataBytes: number, file: string): void {
  let covered = 0;
  for (const { name, offset, bytes } of tensors.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < covered) {
      throw new CorruptCheckpointError(file, `"${name}" overlaps another tensor`);
    }
    covered = offset + bytes;
    if (covered <= dataBytes) continue;
    throw new CorruptCheckpointError(
      file,
      `"${name}" ends ${covered - dataBytes} bytes after the file (truncated?)`,
    );
  }
}
