/**
 * The blocks of GGUF as packed matrices. A block has 32 numbers: a scale in half precision, in Q4_1 also an
 * offset, and the codes. Read here and not by the binding's `load`, which in 0.0.7 leaves 4-bit codes mixed
 * with whatever was in memory before.
 */
import type { GgufTensor } from "./gguf-header.js";

export const groupSize = 32;

/** Bits of a code; undefined for plain numbers. */
export function bitsOf(type: GgufTensor["type"]): 4 | 8 | undefined {
  if (type === "Q8_0") return 8;
  return type === "Q4_0" || type === "Q4_1" ? 4 : undefined;
}

/** Codes as MLX has them, the first number in the lowest bits, and what scales them back. */
export interface UnpackedBlocks {
  readonly words: Uint32Array;
  readonly scales: Float32Array;
  readonly biases: Float32Array;
}

/** @param data whole blocks of one type */
export function unpackBlocks(data: Buffer, type: "Q8_0" | "Q4_0" | "Q4_1"): UnpackedBlocks {
  const read = type === "Q8_0" ? readBytes : readNibbles;
  const start = type === "Q4_1" ? 4 : 2; // where the codes begin
  const codeBytes = type === "Q8_0" ? 32 : 16;
  const count = data.length / (start + codeBytes);
  const words = new Uint32Array((count * codeBytes) / 4);
  const [scales, biases] = [new Float32Array(count), new Float32Array(count)];
  for (let block = 0; block < count; block++) {
    const position = block * (start + codeBytes);
    const scale = halfToFloat(data.readUInt16LE(position));
    scales[block] = scale;
    biases[block] =
      type === "Q4_1" ? halfToFloat(data.readUInt16LE(position + 2)) : -zeroCode[type] * scale;
    read(data, position + start, words, (block * codeBytes) / 4);
  }
  return { words, scales, biases };
}

/** The code that stands for zero. */
const zeroCode = { Q8_0: 128, Q4_0: 8 } as const;

/** Signed bytes become codes from 0 by turning their highest bit. */
function readBytes(data: Buffer, position: number, words: Uint32Array, target: number): void {
  for (let word = 0; word < 8; word++) {
    words[target + word] = data.readUInt32LE(position + 4 * word) ^ 0x80808080;
  }
}

/** The low halves of 16 bytes are the first 16 codes, the high halves the rest. */
function readNibbles(data: Buffer, position: number, words: Uint32Array, target: number): void {
  for (let word = 0; word < 4; word++) {
    const first = position + 8 * (word % 2);
    const shift = word < 2 ? 0 : 4;
    let codes = 0;
    for (let index = 0; index < 8; index++) {
      codes |= ((data[first + index] >> shift) & 15) << (4 * index);
    }
    words[target + word] = codes;
  }
}

/** IEEE half precision. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
