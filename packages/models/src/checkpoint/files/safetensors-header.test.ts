/** The header reader against hand-written files: each promise of the format, broken once. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CorruptCheckpointError } from "../../errors.js";
import { temporaryFolder } from "../../test-support/checkpoints.js";
import { readSafetensorsHeader } from "./safetensors-header.js";

function write(header: unknown, dataBytes: number): string {
  const file = join(temporaryFolder(), "weights.safetensors");
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([size, text, Buffer.alloc(dataBytes)]));
  return file;
}

const tensor = (
  begin: number,
  end: number,
  shape: unknown = [(end - begin) / 4],
  dtype = "F32",
) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("a safetensors header", () => {
  it("lists what MLX itself wrote", () => {
    const file = join(temporaryFolder(), "weights.safetensors");
    mx.saveSafetensors(file, { a: mx.zeros([2, 3]), b: mx.zeros([4], mx.float16), c: mx.array(1) });
    const entries = readSafetensorsHeader(file).map(({ name, dtype, shape }) => [
      name,
      dtype,
      shape,
    ]);
    expect(entries.sort()).toEqual([
      ["a", "F32", [2, 3]],
      ["b", "F16", [4]],
      ["c", "F32", []],
    ]);
  });

  it("may be in any order and hold metadata", () => {
    const file = write({ b: tensor(8, 16), __metadata__: { format: "pt" }, a: tensor(0, 8) }, 16);
    expect(readSafetensorsHeader(file).map(({ name }) => name)).toEqual(["b", "a"]);
  });

  const broken: [string, unknown, number, RegExp][] = [
    ["overlap", { a: tensor(0, 8), b: tensor(4, 12) }, 12, /"b" overlaps/],
    ["the same place twice", { a: tensor(0, 8), b: tensor(0, 8) }, 8, /overlaps/],
    ["a hole", { a: tensor(0, 8), b: tensor(12, 16) }, 16, /hole before "b"/],
    ["data that is missing", { a: tensor(0, 8) }, 4, /ends 4 bytes early/],
    ["data beyond the tensors", { a: tensor(0, 8) }, 9, /1 bytes at its end/],
    ["a size that is not the shape's", { a: tensor(0, 8, [3]) }, 8, /\[3\] of F32 needs 12/],
    ["offsets the wrong way round", { a: tensor(8, 0, [2]) }, 8, /takes -8 bytes/],
    ["an unknown dtype", { a: tensor(0, 8, [2], "F12") }, 8, /not a tensor/],
    ["a negative length", { a: tensor(0, 8, [-2]) }, 8, /not a tensor/],
    ["an absurd offset", { a: tensor(0, 1e300, [2]) }, 8, /not a tensor/],
    ["a header that is a list", [], 0, /not a JSON object/],
  ];

  for (const [name, header, dataBytes, message] of broken) {
    it(`is refused for ${name}`, () => {
      const read = () => readSafetensorsHeader(write(header, dataBytes));
      expect(read).toThrow(CorruptCheckpointError);
      expect(read).toThrow(message);
    });
  }
});
