/** Reads and checks the header of a GGUF file, before any of its numbers are read. */
import { statSync } from "node:fs";
import { CorruptCheckpointError, UnsupportedConfigError } from "../../errors.js";
import { readFileBytes } from "../files/file-bytes.js";
import { GgufReader, type GgufValue } from "./gguf-reader.js";
import { type GgufType, ggufTypes } from "./gguf-types.js";

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

/**
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a version
 * or a type of tensor that is not implemented
 */
export function readGgufHeader(file: string): GgufHeader {
  const { size } = statSync(file);
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
  const [tensorCount, valueCount] = [reader.uint64(), reader.uint64()];
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < valueCount; index++) {
    const key = reader.text();
    metadata.set(key, reader.value(reader.uint32()));
  }
  const tensors: GgufTensor[] = [];
  for (let index = 0; index < tensorCount; index++) tensors.push(readTensor(reader, file));
  const alignment = Number(metadata.get("general.alignment") ?? defaultAlignment);
  const start = Math.ceil(reader.position / alignment) * alignment;
  checkExtents(tensors, size - start, file);
  return {
    metadata,
    tensors: tensors.map((tensor) => ({ ...tensor, offset: start + tensor.offset })),
  };
}

function readTensor(reader: GgufReader, file: string): GgufTensor {
  const name = reader.text();
  const rank = reader.uint32();
  if (rank < 1 || rank > 4) throw new CorruptCheckpointError(file, `"${name}" has ${rank} axes`);
  const lengths = Array.from({ length: rank }, () => reader.uint64());
  const code = reader.uint32();
  const type = ggufTypes[code];
  if (!type) {
    const known = Object.values(ggufTypes).map(({ name: known }) => known);
    const rule = `Tensors of GGUF type ${code} are not implemented; supported: ${known.join(", ")}.`;
    throw new UnsupportedConfigError(name, code, file, rule);
  }
  if (lengths[0] % type.block !== 0) {
    throw new CorruptCheckpointError(file, `"${name}" has rows that are no whole blocks`);
  }
  const count = lengths.reduce((product, length) => product * length, 1);
  const bytes = (count / type.block) * type.blockBytes;
  return { name, type, shape: lengths.toReversed(), offset: reader.uint64(), bytes };
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
