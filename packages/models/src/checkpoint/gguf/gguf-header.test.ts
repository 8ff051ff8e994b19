/** GGUF headers that were written to be read wrongly, each against one rule. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CorruptCheckpointError } from "../../errors.js";
import { temporaryFolder } from "../../test-support/checkpoints.js";
import { type GgufPart, writeGguf } from "../../test-support/gguf-file.js";
import { readGgufHeader } from "./gguf-header.js";

const part = (name: string): GgufPart => ({ name, kind: "F32", shape: [2], data: Buffer.alloc(8) });

/** The same file with some bytes in the place of others. */
function changed(file: string, from: Buffer, to: Buffer): string {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  to.copy(bytes, at);
  writeFileSync(file, bytes);
  return file;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function refusal(file: string): string {
  const read = () => readGgufHeader(file);
  expect(read).toThrow(CorruptCheckpointError);
  try {
    read();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("the alignment of a GGUF file", () => {
  it.each([8, 32, 64])("may be %d, and tensors begin where it says", (alignment) => {
    const file = writeGguf({ "general.alignment": alignment }, [part("a")]);
    const bytes = readFileSync(file);
    const start = bytes.length - 32; // the writer fills up to 32 bytes
    const padded = Buffer.concat([
      bytes.subarray(0, start),
      Buffer.alloc(64),
      bytes.subarray(start),
    ]);
    writeFileSync(file, padded);
    const [{ offset }] = readGgufHeader(file).tensors;
    expect(offset % alignment).toBe(0);
    const header =
      bytes.indexOf(Buffer.from("general.alignment")) + 17 + 8 + (8 + 1 + 4 + 8 + 4 + 8);
    expect(offset).toBe(Math.ceil(header / alignment) * alignment);
  });

  it.each([0, 3, 24, 33, 2 ** 21, 2 ** 31, -1, 0.5, "32", [32]])(
    "is refused as %j",
    (alignment) => {
      const file = writeGguf({ "general.alignment": alignment }, [part("a")]);
      expect(refusal(file)).toMatch(/general\.alignment.*power of two/);
    },
  );

  it("is kept by every tensor", () => {
    const file = writeGguf({ "general.alignment": 64 }, [part("a"), part("b")]);
    expect(refusal(file)).toMatch(/"b" does not begin at a multiple of 64/);
  });
});

describe("what a GGUF header counts", () => {
  const head = (tensors: bigint, values: bigint, ...rest: Buffer[]) => {
    const file = `${temporaryFolder()}/model.gguf`;
    const begin = Buffer.from("GGUF\u0003\0\0\0", "latin1");
    writeFileSync(file, Buffer.concat([begin, uint64(tensors), uint64(values), ...rest]));
    return file;
  };

  it.each([2n ** 20n, 2n ** 32n, 2n ** 53n - 1n])("is refused as %d tensors or values", (count) => {
    expect(refusal(head(count, 0n))).toMatch(`${count} tensors, more than it has room for`);
    expect(refusal(head(0n, count))).toMatch(`${count} values, more than it has room for`);
  });

  it("is refused beyond every number", () => {
    expect(refusal(head(2n ** 64n - 1n, 0n))).toMatch(/claims a size of 18446744073709551615/);
  });

  it("is refused for a list, whose items would be made before they are missed", () => {
    const file = writeGguf({ list: [1, 2, 3] }, []);
    changed(
      file,
      Buffer.concat([Buffer.from([4, 0, 0, 0]), uint64(3n)]),
      Buffer.concat([Buffer.from([4, 0, 0, 0]), uint64(2n ** 40n)]),
    );
    expect(refusal(file)).toMatch(/list of 1099511627776 values, more than it has room for/);
  });

  it("is refused for lists in lists that go on and on", () => {
    const level = Buffer.concat([Buffer.from([9, 0, 0, 0]), uint64(1n)]);
    const name = Buffer.concat([uint64(1n), Buffer.from("k"), Buffer.from([9, 0, 0, 0])]);
    const deep = Buffer.concat(new Array<Buffer>(50_000).fill(level));
    expect(refusal(head(0n, 1n, name, deep))).toMatch(/lists more than 8 deep/);
  });
});

it.each(["key", "value", "tensor"])(
  "a GGUF header whose text is not UTF-8 is refused: a %s",
  (what) => {
    const file = writeGguf({ kxxy: "vxxue" }, [part("txxsor")]);
    const text = { key: "kxxy", value: "vxxue", tensor: "txxsor" }[what]!;
    const broken = Buffer.from(text);
    broken.set([0xc3, 0x28], 1);
    expect(refusal(changed(file, Buffer.from(text), broken))).toMatch(/not UTF-8/);
  },
);
