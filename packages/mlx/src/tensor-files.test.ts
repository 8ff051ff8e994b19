/** Safetensors files: every array comes back bit for bit, lazily, and nothing half-written is taken for whole. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { replaceFile, writeFileAtomically } from "./atomic-file.js";
import { mx } from "./binding.js";
import { CorruptFileError, IncompleteWriteError, InvalidArgumentError } from "./errors.js";
import { saveTensors } from "./save-tensors.js";
import { openTensors, readTensors, writeTensors } from "./tensor-files.js";
import { readTensorHeader } from "./tensor-header.js";

const root = mkdtempSync(join(tmpdir(), "mlxterp-tensors-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string) => join(root, name);

describe("arrays in a file", () => {
  const count = mx.arange(0, 24, 1, mx.float32).reshape([2, 3, 4]);
  const arrays = {
    float32: count,
    bfloat16: mx.divide(count, 7).astype(mx.bfloat16),
    float16: mx.divide(count, 7).astype(mx.float16),
    int32: mx.add(mx.array(2 ** 24, mx.int32), mx.array([0, 1, 2, 3], mx.int32)),
    uint8: mx.array([0, 255], mx.uint8),
    bool: mx.greater(count, 5),
    scalar: mx.array(3),
    transposed: count.moveaxis(0, 2),
    everySecond: mx.arange(0, 10, 1, mx.int32).index(mx.Slice(0, 10, 2)),
    repeated: mx.broadcastTo(mx.array([1, 2, 3]), [2, 3]),
    part: count.index(mx.Slice(), 1),
  };

  it("come back bit for bit in every dtype and layout", async () => {
    const file = at("some/folders/all.safetensors");
    const bytes = await writeTensors(file, arrays, { model: 'a "name" – ü' });
    const { tensors, metadata } = readTensors(file);
    expect(bytes).toBe(readFileSync(file).length);
    expect(metadata).toEqual({ model: 'a "name" – ü' });
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(arrays).sort());
    for (const [name, array] of Object.entries(arrays)) {
      expect([name, tensors[name].dtype, tensors[name].shape]).toEqual([
        name,
        array.dtype,
        array.shape,
      ]);
      expect(tensors[name].tolist(), name).toEqual(array.tolist());
    }
  });

  it("may be none", async () => {
    await writeTensors(at("none.safetensors"), {});
    expect(readTensors(at("none.safetensors"))).toEqual({ tensors: {}, metadata: {} });
  });

  it("must have elements, and a file of the right kind", async () => {
    await expect(writeTensors(at("x.safetensors"), { x: mx.zeros([0, 3]) })).rejects.toThrow(
      /without elements/,
    );
    await expect(writeTensors(at("x.npz"), { x: mx.ones([1]) })).rejects.toThrow(
      InvalidArgumentError,
    );
    expect(existsSync(at("x.safetensors"))).toBe(false);
  });
});

describe("a file", () => {
  it("that is cut short or overwritten is refused, by name", async () => {
    const file = at("damaged.safetensors");
    await writeTensors(file, { x: mx.ones([100]) });
    const whole = readFileSync(file);
    for (const length of [0, 5, 20, whole.length - 400, whole.length - 1]) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      expect(() => readTensors(file), `${length} bytes`).toThrow(CorruptFileError);
      expect(() => readTensors(file)).toThrow(file);
    }
    writeFileSync(file, Buffer.alloc(whole.length, 255));
    expect(() => readTensorHeader(file)).toThrow(/header claims/);
  });

  it("that declares a tensor twice, or begins with something else than its header, is refused", () => {
    const file = at("odd.safetensors");
    const write = (header: string) => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
      writeFileSync(file, Buffer.concat([size, Buffer.from(header), Buffer.alloc(8)]));
    };
    const entry = (dtype: string) => `"x":{"dtype":"${dtype}","shape":[4],"data_offsets":[0,8]}`;
    const note = String.raw`"__metadata__":{"about":"\"data_offsets\":[0,8]","dtype":"F16"}`;
    write(`{${note},${entry("F16")}}`);
    expect(readTensors(file).tensors.x.dtype).toBe(mx.float16);
    write(`{${entry("F16")},${entry("BF16")}}`);
    expect(() => readTensorHeader(file)).toThrow(/declares a tensor twice/);
    write(`{"\\u0078"${entry("BF16").slice(3)},${entry("F16")}}`);
    expect(() => readTensorHeader(file)).toThrow(/declares a tensor twice/);
    for (const before of ["\ufeff", " "]) {
      write(`${before}{${entry("F16")}}`);
      expect(() => readTensors(file)).toThrow(CorruptFileError);
    }
  });

  it("whose notes are longer than the stack that MLX reads them with comes back, and ended the process", async () => {
    const file = at("long.safetensors");
    const note = "y".repeat(12_000_000);
    await writeTensors(file, { x: mx.arange(0, 3, 1, mx.float32), none: mx.array([1], mx.int8) }, { note }); // biome-ignore format: one call
    const { tensors, metadata } = readTensors(file);
    expect(metadata.note).toBe(note);
    expect(tensors.x.tolist()).toEqual([0, 1, 2]);
    expect(openTensors(file).none.dtype).toBe(mx.int8);
  });

  it.skipIf(!existsSync("/dev/full"))("that meets a full disk is told, not taken for whole", () => {
    const file = at("full.safetensors");
    symlinkSync("/dev/full", file);
    expect(() => saveTensors(file, { x: mx.ones([100_000]) })).toThrow(IncompleteWriteError);
    expect(() => saveTensors(file, { x: mx.ones([2, 3]).moveaxis(0, 1) })).toThrow(/Make room/);
  });

  it("that replaces another leaves the old one when writing fails, and nothing else", () => {
    const file = at("kept/notes.txt");
    writeFileAtomically(file, "old");
    const failing = () =>
      replaceFile(file, (temporary) => {
        writeFileSync(temporary, "ha");
        throw new Error("disk full");
      });
    expect(failing).toThrow("disk full");
    expect(readFileSync(file, "utf8")).toBe("old");
    writeFileAtomically(file, "new");
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readdirSync(at("kept"))).toEqual(["notes.txt"]);
  });
});
