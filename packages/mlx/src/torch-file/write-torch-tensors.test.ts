/** Tensors written as torch writes them, against the bytes of the format and our own reader. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mx } from "../binding.js";
import { toFlat } from "../host.js";
import { readTorchTensor } from "./read-tensor.js";
import { openTorchFile } from "./torch-file.js";
import { writeTorchTensors } from "./write-torch-tensors.js";
import { zipOf } from "./write-zip.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-torch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("writes names, shapes and numbers so that they are read again", async () => {
  const file = join(folder, "some.pt");
  const arrays = {
    "0.weight": mx.random.normal([3, 5], mx.float32, 0, 1, mx.random.key(1)).T,
    gewöhnlich: mx.array([0.5, -2]),
    half: mx.array([1.5, 2.5]).astype(mx.float16),
    scalar: mx.array(7),
  };
  await writeTorchTensors(file, Object.entries(arrays));
  const { tensors } = openTorchFile(file);
  expect([...tensors.keys()]).toEqual(Object.keys(arrays));
  for (const [name, array] of Object.entries(arrays)) {
    const tensor = tensors.get(name)!;
    expect(tensor.shape).toEqual(array.shape);
    expect([...toFlat(readTorchTensor(tensor))]).toEqual([...toFlat(array)]);
  }
});

it("has the checksums that unpacking programs demand", () => {
  const zip = zipOf([{ name: "a", bytes: Buffer.from("123456789") }]);
  expect(zip.readUInt32LE(14)).toBe(0xcbf43926); // the check value of CRC-32
  expect(zip.subarray(0, 2).toString()).toBe("PK");
  expect(zip.readUInt32LE(zip.length - 6)).toBe(30 + 1 + 9);
});

it("refuses two tensors of one name, and leaves no part of a file", async () => {
  const file = join(folder, "twice.pt");
  const one = mx.ones([1]);
  const written = writeTorchTensors(file, [
    ["a", one],
    ["a", one],
  ]);
  await expect(written).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(() => readFileSync(file)).toThrow("ENOENT");
});
