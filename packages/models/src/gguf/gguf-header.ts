/** Reads and checks the header of a GGUF file, before any of its numbers are read. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CorruptCheckpointError, UnsupportedConfigError } from "../errors.js";
import { GgufReader, type GgufValue } from "./gguf-reader.js";

/** How numbers are stored: bytes of a block, and how many numbers it has. */
interface GgufType {
  readonly name: "F32" | "F16" | "Q4_0" | "Q4_1" | "Q8_0";
  readonly blockBytes: number;
  readonly block: number;
}

/** The types that can be read, by their codes. */
const types: Readonly<Record<number, GgufType>> = {
  0: { name: "F32", blockBytes: 4, block: 1 },
  1: { name: "F16", blockBytes: 2, block: 1 },
  2: { name: "Q4_0", blockBytes: 18, block: 32 },
  3: { name: "Q4_1", blockBytes: 20, block: 32 },
  8: { name: "Q8_0", blockBytes: 34, block: 32 },
};

export interface GgufTensor {
  readonly name: string;
  readonly type: GgufType["name"];
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
const largestHeader = 256 * 2 ** 20; // vocabularies are part of it
const defaultAlignment = 32;

/**
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a version
 * or a type of tensor that is not implemented
 */
export function readGgufHeader(file: string): GgufHeader {
  const { bytes, size } = readStart(file);
  const reader = new GgufReader(bytes, file);
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
  const type = types[code];
  if (!type) {
    const known = Object.values(types).map((known) => known.name);
    const rule = `Tensors of GGUF type ${code} are not implemented; supported: ${known.join(", ")}.`;
    throw new UnsupportedConfigError(name, code, file, rule);
  }
  if (lengths[0] % type.block !== 0) {
    throw new CorruptCheckpointError(file, `"${name}" has rows that are no whole blocks`);
  }
  const count = lengths.reduce((product, length) => product * length, 1);
  const bytes = (count / type.block) * type.blockBytes;
  return { name, type: type.name, shape: lengths.toReversed(), offset: reader.uint64(), bytes };
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

function readStart(file: string): { bytes: Buffer; size: number } {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, largestHeader));
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      if (read === 0) break; // the file shrank meanwhile: the rest stays zero and fails to parse
      filled += read;
    }
    return { bytes, size };
  } finally {
    closeSync(descriptor);
  }
}
