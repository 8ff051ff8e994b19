/** Writes the blocks of 256 numbers of GGUF from their codes and scales, and tells which numbers they stand for. */

export type KBlock = "Q2_K" | "Q3_K" | "Q4_K" | "Q5_K" | "Q6_K";

/** Halves that are powers of two. */
const [scale, offset] = [2 ** -4, 2 ** -6];
const halfOf = (power: number) => [0, (Math.log2(power) + 15) << 2];

interface Numbers {
  readonly data: Buffer;
  readonly values: number[];
}

/** @param random whole numbers from 0 to below a bound */
export function encodeKBlock(kind: KBlock, random: (below: number) => number): Numbers {
  if (kind === "Q4_K" || kind === "Q5_K") return affine(kind, random);
  if (kind === "Q6_K") return sixBits(random);
  return kind === "Q2_K" ? twoBits(random) : threeBits(random);
}

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);

function affine(kind: "Q4_K" | "Q5_K", random: (below: number) => number): Numbers {
  const codes = draw(256, () => random(kind === "Q4_K" ? 16 : 32));
  const [factors, shifts] = [draw(8, () => random(64)), draw(8, () => random(64))];
  const packed = new Uint8Array(12);
  for (let group = 0; group < 8; group++) {
    const [factor, shift] = [factors[group], shifts[group]];
    if (group < 4) {
      packed[group] |= factor;
      packed[group + 4] |= shift;
    } else {
      packed[group + 4] = (factor & 15) | ((shift & 15) << 4);
      packed[group - 4] |= (factor >> 4) << 6;
      packed[group] |= (shift >> 4) << 6;
    }
  }
  const low = new Uint8Array(128);
  const high = new Uint8Array(32);
  for (const [index, code] of codes.entries()) {
    low[32 * Math.floor(index / 64) + (index % 32)] |= (code & 15) << (index % 64 < 32 ? 0 : 4);
    high[index % 32] |= (code >> 4) << Math.floor(index / 32);
  }
  const head = [...halfOf(scale), ...halfOf(offset), ...packed];
  return {
    data: Buffer.from([...head, ...(kind === "Q5_K" ? high : []), ...low]),
    values: codes.map((code, index) => {
      const group = Math.floor(index / 32);
      return scale * factors[group] * code - offset * shifts[group];
    }),
  };
}

function sixBits(random: (below: number) => number): Numbers {
  const codes = draw(256, () => random(64));
  const factors = draw(16, () => random(256) - 128);
  const [low, high] = [new Uint8Array(128), new Uint8Array(64)];
  for (const half of [0, 1]) {
    for (let index = 0; index < 32; index++) {
      const [a, b, c, d] = [0, 32, 64, 96].map((at) => codes[128 * half + at + index]);
      low[64 * half + index] = (a & 15) | ((c & 15) << 4);
      low[64 * half + 32 + index] = (b & 15) | ((d & 15) << 4);
      high[32 * half + index] = (a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((d >> 4) << 6);
    }
  }
  return {
    data: Buffer.from(
      [...low, ...high, ...Int8Array.from(factors), ...halfOf(scale)].map((x) => x & 255),
    ),
    values: codes.map((code, index) => scale * factors[index >> 4] * (code - 32)),
  };
}

/** Four codes of two bits in a byte, 32 numbers apart. */
function quarters(codes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(64);
  for (const [index, code] of codes.entries()) {
    bytes[32 * Math.floor(index / 128) + (index % 32)] |=
      code << (2 * Math.floor((index % 128) / 32));
  }
  return bytes;
}

function twoBits(random: (below: number) => number): Numbers {
  const codes = draw(256, () => random(4));
  const [factors, shifts] = [draw(16, () => random(16)), draw(16, () => random(16))];
  const pairs = factors.map((factor, group) => factor | (shifts[group] << 4));
  return {
    data: Buffer.from([...pairs, ...quarters(codes), ...halfOf(scale), ...halfOf(offset)]),
    values: codes.map(
      (code, index) => scale * factors[index >> 4] * code - offset * shifts[index >> 4],
    ),
  };
}

function threeBits(random: (below: number) => number): Numbers {
  const codes = draw(256, () => random(8));
  const factors = draw(16, () => random(64));
  const [third, packed] = [new Uint8Array(32), new Uint8Array(12)];
  for (const [index, code] of codes.entries()) {
    third[index % 32] |= (code >> 2) << Math.floor(index / 32);
  }
  for (const [group, factor] of factors.entries()) {
    packed[group % 8] |= (factor & 15) << (group < 8 ? 0 : 4);
    packed[8 + (group % 4)] |= (factor >> 4) << (2 * Math.floor(group / 4));
  }
  const low = quarters(codes.map((code) => code & 3));
  return {
    data: Buffer.from([...third, ...low, ...packed, ...halfOf(scale)]),
    values: codes.map((code, index) => scale * (factors[index >> 4] - 32) * (code - 4)),
  };
}
