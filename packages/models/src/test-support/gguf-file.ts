/** Writes small GGUF files, and tells which numbers their blocks stand for. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromFlat, type MxArray, toFlat } from "@mlxterp/mlx";
import { temporaryFolder } from "./checkpoints.js";

export type GgufKind = "F32" | "F16" | "Q8_0" | "Q4_0" | "Q4_1";

const codes = { F32: 0, F16: 1, Q4_0: 2, Q4_1: 3, Q8_0: 8 } as const;

interface Encoded {
  readonly data: Buffer;
  /** What the bytes stand for, by the format's formulas. */
  readonly meaning: MxArray;
}

/** Encodes a matrix; scales are powers of two, whose half-precision form is plain. */
export function encode(matrix: MxArray, kind: GgufKind): Encoded {
  const numbers = [...toFlat(matrix)];
  const meant: number[] = [];
  const parts: Buffer[] = [];
  if (kind === "F32")
    return { data: Buffer.from(Float32Array.from(numbers).buffer), meaning: matrix };
  if (kind === "F16") {
    for (const number of numbers) {
      const [bits, value] = toHalf(number);
      parts.push(uint16(bits));
      meant.push(value);
    }
  } else {
    for (let start = 0; start < numbers.length; start += 32) {
      const { data, values } = encodeBlock(numbers.slice(start, start + 32), kind);
      parts.push(data);
      meant.push(...values);
    }
  }
  const meaning = fromFlat(Float32Array.from(meant), matrix.shape);
  return { data: Buffer.concat(parts), meaning };
}

function encodeBlock(numbers: readonly number[], kind: "Q8_0" | "Q4_0" | "Q4_1") {
  const exponent = kind === "Q8_0" ? -6 : -3;
  const scale = 2 ** exponent;
  const head = uint16((exponent + 15) << 10);
  const [least, most, low] =
    kind === "Q8_0" ? [-128, 127, 0] : kind === "Q4_0" ? [-8, 7, 0] : [0, 15, -1];
  const quantized = numbers.map((x) =>
    Math.min(Math.max(Math.round((x - low) / scale), least), most),
  );
  const values = quantized.map((code) => code * scale + low);
  if (kind === "Q8_0")
    return { data: Buffer.concat([head, Buffer.from(Int8Array.from(quantized).buffer)]), values };
  const nibbles = quantized.map((code) => code - least);
  const bytes = Uint8Array.from(
    { length: 16 },
    (_, index) => nibbles[index] | (nibbles[index + 16] << 4),
  );
  const offset = kind === "Q4_1" ? [uint16(0xbc00)] : []; // -1
  return { data: Buffer.concat([head, ...offset, Buffer.from(bytes)]), values };
}

/** Half precision with the fraction cut off, of numbers that are not tiny. */
function toHalf(number: number): [bits: number, value: number] {
  const exponent = Math.floor(Math.log2(Math.abs(number) || 1));
  const fraction = Math.floor((Math.abs(number) / 2 ** exponent - 1) * 1024);
  if (number === 0 || exponent < -14) return [0, 0];
  const sign = number < 0 ? 1 : 0;
  const value = (1 - 2 * sign) * (1 + fraction / 1024) * 2 ** exponent;
  return [(sign << 15) | ((exponent + 15) << 10) | fraction, value];
}

export interface GgufPart {
  readonly name: string;
  readonly kind: GgufKind | number;
  readonly shape: readonly number[];
  readonly data: Buffer;
}

export type GgufMetadataValues = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[]>
>;

/** Writes version 3, little endian, aligned to 32 bytes; numbers become uint32 or float32. */
export function writeGguf(metadata: GgufMetadataValues, tensors: readonly GgufPart[]): string {
  const head = [uint32(0x46554747), uint32(3), uint64(tensors.length)];
  head.push(uint64(Object.keys(metadata).length));
  for (const [key, value] of Object.entries(metadata)) head.push(text(key), metadataValue(value));
  let offset = 0;
  for (const { name, kind, shape, data } of tensors) {
    const code = typeof kind === "number" ? kind : codes[kind];
    head.push(
      text(name),
      uint32(shape.length),
      ...shape.toReversed().map(uint64),
      uint32(code),
      uint64(offset),
    );
    offset += padded(data).length;
  }
  const file = join(temporaryFolder(), "model.gguf");
  writeFileSync(
    file,
    Buffer.concat([padded(Buffer.concat(head)), ...tensors.map(({ data }) => padded(data))]),
  );
  return file;
}

function metadataValue(value: GgufMetadataValues[string]): Buffer {
  const { code, data } = encodeValue(value);
  return Buffer.concat([uint32(code), data]);
}

function encodeValue(value: GgufMetadataValues[string]): { code: number; data: Buffer } {
  if (typeof value === "string") return { code: 8, data: text(value) };
  if (typeof value === "boolean") return { code: 7, data: Buffer.from([value ? 1 : 0]) };
  if (typeof value === "object") {
    const items = value.map(encodeValue);
    const head = [uint32(items[0]?.code ?? 8), uint64(items.length)];
    return { code: 9, data: Buffer.concat([...head, ...items.map(({ data }) => data)]) };
  }
  if (Number.isInteger(value) && value >= 0) return { code: 4, data: uint32(value) };
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return { code: 6, data };
}

function text(value: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
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

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((32 - (data.length % 32)) % 32)]);
}
