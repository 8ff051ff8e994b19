/** The bytes of a GGUF file of plain numbers. Source: the format's description, github.com/ggml-org/ggml. */

export interface GgufNumbers {
  readonly name: string;
  /** As everywhere here, (out, in). */
  readonly shape: readonly number[];
  readonly numbers: Float32Array;
}

const alignment = 32;
const typeCodes = { uint32: 4, text: 8 } as const;
const float32Code = 0;

/** Version 3, little endian; numbers of the metadata are whole and fit into 32 bits. */
export function ggufBytes(
  metadata: Readonly<Record<string, string | number>>,
  tensors: readonly GgufNumbers[],
): Buffer {
  const entries = Object.entries(metadata);
  const head = [Buffer.from("GGUF"), uint32(3), uint64(tensors.length), uint64(entries.length)];
  for (const [key, value] of entries) head.push(text(key), ...metadataValue(value));
  let offset = 0;
  const data: Buffer[] = [];
  for (const { name, shape, numbers } of tensors) {
    head.push(text(name), uint32(shape.length), ...shape.toReversed().map(uint64));
    head.push(uint32(float32Code), uint64(offset));
    const bytes = padded(Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    data.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat([padded(Buffer.concat(head)), ...data]);
}

function metadataValue(value: string | number): Buffer[] {
  return typeof value === "string"
    ? [uint32(typeCodes.text), text(value)]
    : [uint32(typeCodes.uint32), uint32(value)];
}

function text(value: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  const missing = (alignment - (bytes.length % alignment)) % alignment;
  return Buffer.concat([bytes, Buffer.alloc(missing)]);
}
