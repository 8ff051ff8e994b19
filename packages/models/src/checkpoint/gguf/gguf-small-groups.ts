/**
 * Blocks of GGUF with a scale for every 16 numbers, which MLX has no packed form for: as plain numbers. Of each half of a
 * block, the codes' low bits lie in the same bytes, 32 numbers further for each shift.
 */
import { halfToFloat } from "../files/number-formats.js";
import type { SmallGroupName } from "./gguf-types.js";

type BlockReader = (data: Buffer, position: number, numbers: Float32Array, target: number) => void;

const readers: Readonly<Record<SmallGroupName, { bytes: number; read: BlockReader }>> = {
  Q2_K: { bytes: 84, read: readQ2 },
  Q3_K: { bytes: 110, read: readQ3 },
  Q6_K: { bytes: 210, read: readQ6 },
};

/** @param data whole blocks of one type */
export function decodeSmallGroups(data: Buffer, type: SmallGroupName): Float32Array {
  const { bytes, read } = readers[type];
  const blocks = data.length / bytes;
  const numbers = new Float32Array(256 * blocks);
  for (let block = 0; block < blocks; block++) read(data, block * bytes, numbers, 256 * block);
  return numbers;
}

/** 16 bytes of scales and offsets, 64 bytes of codes, two halves. */
function readQ2(data: Buffer, position: number, numbers: Float32Array, target: number): void {
  const [scale, offset] = [80, 82].map((at) => halfToFloat(data.readUInt16LE(position + at)));
  for (let index = 0; index < 256; index++) {
    const pair = data[position + (index >> 4)];
    const code = twoBits(data, position + 16, index);
    numbers[target + index] = scale * (pair & 15) * code - offset * (pair >> 4);
  }
}

/** 32 bytes of third bits, which are 0 where 4 is to be taken off; 64 of codes, 12 of scales, a half. */
function readQ3(data: Buffer, position: number, numbers: Float32Array, target: number): void {
  const scale = halfToFloat(data.readUInt16LE(position + 108));
  for (let index = 0; index < 256; index++) {
    const third = (data[position + (index & 31)] >> (index >> 5)) & 1;
    const code = twoBits(data, position + 32, index) - (third ? 0 : 4);
    numbers[target + index] = scale * (sixBits(data, position + 96, index >> 4) - 32) * code;
  }
}

/** 128 bytes of low bits, 64 of high bits, 16 signed scales, a half. */
function readQ6(data: Buffer, position: number, numbers: Float32Array, target: number): void {
  const scale = halfToFloat(data.readUInt16LE(position + 208));
  for (let index = 0; index < 256; index++) {
    const half = index >> 7;
    const low = data[position + 64 * half + (index & 63)] >> (index & 64 ? 4 : 0);
    const high = twoBits(data, position + 128, index);
    const code = ((low & 15) | (high << 4)) - 32;
    numbers[target + index] = scale * data.readInt8(position + 192 + (index >> 4)) * code;
  }
}

function twoBits(data: Buffer, position: number, index: number): number {
  const byte = data[position + 32 * (index >> 7) + (index & 31)];
  return (byte >> (2 * ((index >> 5) & 3))) & 3;
}

/** The lower four bits of 16 numbers in 8 bytes, the upper two in 4 more. */
function sixBits(data: Buffer, position: number, index: number): number {
  const low = (data[position + (index & 7)] >> (index & 8 ? 4 : 0)) & 15;
  const high = (data[position + 8 + (index & 3)] >> (2 * (index >> 2))) & 3;
  return low | (high << 4);
}
