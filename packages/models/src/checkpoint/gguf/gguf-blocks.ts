/**
 * The blocks of GGUF as packed matrices: for every 32 numbers a scale, an offset, and codes. Codes of five bits take
 * eight, which changes no number. Read here and not by the binding's `load`, which in 0.0.7 leaves 4-bit codes mixed
 * with whatever was in memory before.
 */
import { halfToFloat } from "../files/number-formats.js";
import type { PackedName } from "./gguf-types.js";

export const groupSize = 32;

/** Codes as MLX has them, the first number in the lowest bits, and what scales them back. */
export interface UnpackedBlocks {
  readonly words: Uint32Array;
  readonly scales: Float32Array;
  readonly biases: Float32Array;
}

/** Where a block's codes go, and what scales each 32 of them back; one object for all blocks, which are many. */
interface Block {
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  readonly biases: Float32Array;
  /** The block's first group among the scales. */
  first: number;
}

interface BlockReader {
  readonly bytes: number;
  readonly groups: number;
  readonly bits: 4 | 8;
  read(data: Buffer, position: number, block: Block): void;
}

const single = { groups: 1 } as const;
const readers: Readonly<Record<PackedName, BlockReader>> = {
  Q4_0: { ...single, bytes: 18, bits: 4, read: centred(8, 2, nibbles) },
  Q4_1: { ...single, bytes: 20, bits: 4, read: shifted(4, nibbles) },
  Q5_0: { ...single, bytes: 22, bits: 8, read: centred(16, 2, fiveBits) },
  Q5_1: { ...single, bytes: 24, bits: 8, read: shifted(4, fiveBits) },
  Q8_0: { ...single, bytes: 34, bits: 8, read: centred(128, 2, signedBytes) },
  Q4_K: { groups: 8, bytes: 144, bits: 4, read: superBlock(false) },
  Q5_K: { groups: 8, bytes: 176, bits: 8, read: superBlock(true) },
};

/** @param data whole blocks of one type */
export function unpackBlocks(data: Buffer, type: PackedName): UnpackedBlocks {
  const { bytes, groups, bits, read } = readers[type];
  const blocks = data.length / bytes;
  const wordsOfBlock = (groups * groupSize * bits) / 32;
  const words = new Uint32Array(blocks * wordsOfBlock);
  const [scales, biases] = [new Float32Array(blocks * groups), new Float32Array(blocks * groups)];
  const codes = new Uint8Array(groups * groupSize);
  const block: Block = { codes, scales, biases, first: 0 };
  for (let index = 0; index < blocks; index++) {
    block.first = index * groups;
    read(data, index * bytes, block);
    writeWords(codes, bits, words, index * wordsOfBlock);
  }
  return { words, scales, biases };
}

function writeWords(codes: Uint8Array, bits: number, words: Uint32Array, target: number): void {
  const each = 32 / bits;
  for (let index = 0; index < codes.length; index++) {
    words[target + Math.floor(index / each)] |= codes[index] << (bits * (index % each));
  }
}

type CodeReader = (data: Buffer, position: number, codes: Uint8Array) => void;

/** A scale, then codes of which one stands for zero. */
function centred(zero: number, start: number, readCodes: CodeReader): BlockReader["read"] {
  return (data, position, { codes, scales, biases, first }) => {
    scales[first] = halfToFloat(data.readUInt16LE(position));
    biases[first] = -zero * scales[first];
    readCodes(data, position + start, codes);
  };
}

/** A scale, an offset, then codes. */
function shifted(start: number, readCodes: CodeReader): BlockReader["read"] {
  return (data, position, { codes, scales, biases, first }) => {
    scales[first] = halfToFloat(data.readUInt16LE(position));
    biases[first] = halfToFloat(data.readUInt16LE(position + 2));
    readCodes(data, position + start, codes);
  };
}

/** Signed bytes become codes from 0 by turning their highest bit. */
function signedBytes(data: Buffer, position: number, codes: Uint8Array): void {
  for (let index = 0; index < 32; index++) codes[index] = data[position + index] ^ 0x80;
}

/** The low halves of 16 bytes are the first 16 codes, the high halves the rest. */
function nibbles(data: Buffer, position: number, codes: Uint8Array): void {
  for (let index = 0; index < 16; index++) {
    codes[index] = data[position + index] & 15;
    codes[index + 16] = data[position + index] >> 4;
  }
}

/** The fifth bits of all codes, then nibbles. */
function fiveBits(data: Buffer, position: number, codes: Uint8Array): void {
  const high = data.readUInt32LE(position);
  nibbles(data, position + 4, codes);
  for (let index = 0; index < 32; index++) codes[index] |= ((high >>> index) & 1) << 4;
}

/**
 * Eight groups, whose scales and offsets have six bits each and share one of each in half precision; then the fifth bits
 * of the codes, if they have any, and nibbles.
 */
function superBlock(fifthBits: boolean): BlockReader["read"] {
  const start = fifthBits ? 48 : 16;
  return (data, position, { codes, scales, biases, first }) => {
    const scale = halfToFloat(data.readUInt16LE(position));
    const offset = halfToFloat(data.readUInt16LE(position + 2));
    for (let group = 0; group < 8; group++) {
      scales[first + group] = scale * sixBitScale(data, position + 4, group);
      biases[first + group] = -offset * sixBitOffset(data, position + 4, group);
      const low = position + start + 32 * (group >> 1); // two groups share 32 bytes
      for (let index = 0; index < 32; index++) {
        const high = fifthBits ? (data[position + 16 + index] >> group) & 1 : 0;
        codes[32 * group + index] = ((data[low + index] >> (4 * (group & 1))) & 15) | (high << 4);
      }
    }
  };
}

/** Out of twelve bytes: four scales, four offsets, and the low bits of four more of each, whose upper bits fill the first. */
function sixBitScale(data: Buffer, position: number, group: number): number {
  const byte = data[position + (group & 3)];
  return group < 4 ? byte & 63 : (data[position + 4 + group] & 15) | ((byte >> 6) << 4);
}

function sixBitOffset(data: Buffer, position: number, group: number): number {
  const byte = data[position + 4 + (group & 3)];
  return group < 4 ? byte & 63 : (data[position + 4 + group] >> 4) | ((byte >> 6) << 4);
}
