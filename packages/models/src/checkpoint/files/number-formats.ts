/** Floating-point numbers of few bits, as float32; every one of them is a float32 exactly. */

/** The formats that can be read. */
export type NumberFormat = "F32" | "F16" | "BF16" | "F8_E4M3";

/** Bytes of a number. */
export const formatBytes: Readonly<Record<NumberFormat, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
};

/** @param data whole numbers of one format, little endian, from the beginning of its memory */
export function decodeNumbers(data: Buffer, format: NumberFormat): Float32Array {
  const { buffer, byteOffset, length } = data;
  if (format === "F32") return new Float32Array(buffer, byteOffset, length / 4);
  if (format === "F8_E4M3") return lookUp(data, eightBitFloats);
  const bits = new Uint16Array(buffer, byteOffset, length / 2);
  if (format === "F16") return lookUp(bits, halfFloats());
  const words = new Uint32Array(bits.length); // bfloat16 is the upper half of float32
  for (let index = 0; index < bits.length; index++) words[index] = bits[index] << 16;
  return new Float32Array(words.buffer);
}

/** A plain loop: the copying methods of typed arrays make lists of their numbers first. */
function lookUp(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array {
  const numbers = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index++) numbers[index] = table[codes[index]];
  return numbers;
}

let halves: Float32Array | undefined;

/** All numbers in half precision, by their bits. */
function halfFloats(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToFloat(bits));
  return halves;
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

/**
 * E4M3 without infinities: the largest exponent is an ordinary one, but for a NaN at its very end.
 * Source: Micikevicius et al. 2022, "FP8 Formats for Deep Learning", table 1.
 */
function eightBitFloat(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const fraction = bits & 7;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}

const eightBitFloats = Float32Array.from({ length: 256 }, (_, bits) => eightBitFloat(bits));
