/** Blocks of GGUF against blocks that were written from known codes and scales. */
import { fromFlat, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { unpack } from "../../packed/scheme.js";
import { encodeKBlock, type KBlock } from "../../test-support/gguf-k-blocks.js";
import { unpackBlocks } from "./gguf-blocks.js";
import { decodeSmallGroups } from "./gguf-small-groups.js";
import type { PackedName, SmallGroupName } from "./gguf-types.js";

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (1103515245 * state + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

function blocksOf(kind: KBlock): { data: Buffer; values: number[] } {
  const random = randomFrom(kind.charCodeAt(1));
  const blocks = Array.from({ length: 5 }, () => encodeKBlock(kind, random));
  return {
    data: Buffer.concat(blocks.map(({ data }) => data)),
    values: blocks.flatMap(({ values }) => values),
  };
}

/** The numbers of packed groups, by MLX. */
function numbersOf(data: Buffer, type: PackedName, bits: number): number[] {
  const { words, scales, biases } = unpackBlocks(data, type);
  const groups = scales.length;
  const parts = {
    weight: fromFlat(words, [groups, words.length / groups], mx.uint32),
    scales: fromFlat(scales, [groups, 1]),
    biases: fromFlat(biases, [groups, 1]),
  };
  return [...toFlat(unpack({ ...parts, bits, groupSize: 32 }))];
}

describe("blocks with a scale for every 32 numbers stay packed and lose nothing", () => {
  for (const [kind, bits] of [
    ["Q4_K", 4],
    ["Q5_K", 8],
  ] as const) {
    it(kind, () => {
      const { data, values } = blocksOf(kind);
      expect(numbersOf(data, kind, bits)).toEqual(values); // all of them are short binary fractions
    });
  }

  it("Q5_0 and Q5_1", () => {
    const codes = Array.from({ length: 32 }, (_, index) => (7 * index + 3) % 32);
    const low = Array.from(
      { length: 16 },
      (_, index) => (codes[index] & 15) | ((codes[index + 16] & 15) << 4),
    );
    const high = Buffer.alloc(4);
    high.writeUInt32LE(codes.reduce((bits, code, index) => bits + (code >> 4) * 2 ** index, 0));
    const [half, minusOne] = [
      [0x00, 0x38],
      [0x00, 0xbc],
    ];
    const centred = Buffer.from([...half, ...high, ...low]);
    expect(numbersOf(centred, "Q5_0", 8)).toEqual(codes.map((code) => (code - 16) / 2));
    const shifted = Buffer.from([...half, ...minusOne, ...high, ...low]);
    expect(numbersOf(shifted, "Q5_1", 8)).toEqual(codes.map((code) => code / 2 - 1));
  });
});

describe("blocks with a scale for every 16 numbers", () => {
  for (const kind of ["Q2_K", "Q3_K", "Q6_K"] as const satisfies readonly SmallGroupName[]) {
    it(kind, () => {
      const { data, values } = blocksOf(kind);
      expect([...decodeSmallGroups(data, kind)].map((x) => x + 0)).toEqual(
        values.map((x) => x + 0),
      );
    });
  }
});
