/** Hashes of arrays and files tell what was changed, whatever the dtype, and however it was changed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { hashArrays, hashSampled, type MxArray, mx, writeTensors } from "./index.js";

const hashOf = (array: MxArray) => hashArrays([["x", array]]).get("x");

it("is the same for the same numbers, and another for another dtype or shape", () => {
  expect(hashOf(mx.arange(0, 6, 1, mx.float32))).toBe(hashOf(mx.arange(0, 6, 1, mx.float32)));
  const forms = [
    mx.zeros([4]),
    mx.zeros([2, 2]),
    mx.zeros([4], mx.int32),
    mx.zeros([4], mx.float16),
    mx.zeros([4], mx.bool),
    mx.zeros([0]),
    mx.zeros([0, 3]),
    mx.ones([4]),
  ];
  expect(new Set(forms.map(hashOf)).size).toBe(forms.length);
});

it("tells whole numbers apart that float32 cannot", () => {
  const [even, odd] = [2 ** 24, 2 ** 24 + 1].map((n) => mx.array([n], mx.uint32));
  expect(even.item()).not.toBe(odd.item());
  expect(hashOf(even)).not.toBe(hashOf(odd));
});

it("sees a write in place, which leaves the array the same object", () => {
  const array = mx.zeros([3, 4]);
  const before = hashOf(array);
  array.indexPut_(1, mx.array(5));
  expect(hashOf(array)).not.toBe(before);
});

it("sees every single row of a large matrix that is set to zero", () => {
  const whole = mx.random.normal([1000, 300], mx.float32, 0, 1, mx.random.key(3));
  const before = hashOf(whole);
  for (const row of [0, 1, 499, 998, 999]) {
    const keep = mx
      .notEqual(mx.arange(0, 1000, 1, mx.int32), mx.array(row, mx.int32))
      .reshape([1000, 1]);
    expect(hashOf(mx.multiply(whole, keep)), `row ${row}`).not.toBe(before);
  }
});

it("of a file changes with its header, with small tensors and with blocks of large ones", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-hash-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "a.safetensors");
  const large = mx.arange(0, 100_000, 1, mx.float32);
  const variants = [
    { small: mx.zeros([3]), large },
    { small: mx.array([0, 0, 1]), large },
    { small: mx.zeros([3]), large: mx.add(large, 1) },
    { other: mx.zeros([3]), large },
  ];
  const hashes = [];
  for (const arrays of variants) {
    await writeTensors(file, arrays as unknown as Record<string, MxArray>);
    hashes.push(hashSampled(file));
  }
  expect(new Set(hashes).size).toBe(variants.length);
  writeFileSync(join(folder, "b"), readFileSync(file));
  expect(hashSampled(join(folder, "b"))).toBe(hashes[3]);
  writeFileSync(join(folder, "c.gguf"), Buffer.alloc(3_000_000, 7));
  const plain = hashSampled(join(folder, "c.gguf"));
  writeFileSync(join(folder, "c.gguf"), Buffer.alloc(3_000_000, 8));
  expect(hashSampled(join(folder, "c.gguf"))).not.toBe(plain);
});
