/** Control vectors: one written by llama.cpp's own writer, our own, and files that are none. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel, readControlVector, writeControlVector } from "../index.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { type GgufPart, writeGguf } from "../test-support/gguf-file.js";
import { maxDifference } from "../test-support/reference.js";

const brought = fileURLToPath(new URL("../../references/brought/", import.meta.url));
const published = join(brought, "control-vector/happy.gguf");

const part = (name: string, numbers: number[], shape = [numbers.length]): GgufPart => ({
  ...{ name, kind: "F32", shape },
  data: Buffer.from(Float32Array.from(numbers).buffer),
});
const head = { "general.architecture": "controlvector" };

describe("a control vector", () => {
  it("of llama.cpp's writer adds to the outputs of the layers that it numbers, as in transformers", async () => {
    const { ids, scale, logits } = JSON.parse(
      readFileSync(join(brought, "control-vector/expected.json"), "utf8"),
    );
    const { directions, modelType } = readControlVector(published);
    expect([modelType, ...directions.keys()]).toEqual(["llama", 1]);
    const interventions = Object.fromEntries(
      [...directions].map(([layer, numbers]) => [
        `layers.${layer}`,
        (x: MxArray) => mx.add(x, mx.multiply(mx.array([...numbers]), scale)),
      ]),
    );
    const model = await loadModel(join(brought, "adapters/base"));
    const cache = await model.run([ids], { interventions });
    expect(maxDifference(cache.get("output").index(0, -1), mx.array(logits))).toBeLessThan(1e-4);
  });

  it("is written byte for byte as llama.cpp's writer does", () => {
    const file = join(temporaryFolder(), "again.gguf");
    writeControlVector(file, readControlVector(published));
    expect(readFileSync(file)).toEqual(readFileSync(published));
  });

  it("comes back as it was given, layers in order", () => {
    const file = join(temporaryFolder(), "two.gguf");
    const numbers = new Float32Array([9, 0.1, -2, 9]).subarray(1, 3);
    writeControlVector(file, {
      directions: new Map<number, ArrayLike<number>>([
        [12, [1, 2]],
        [3, numbers],
      ]),
    });
    const { directions, modelType } = readControlVector(file);
    expect([...directions]).toEqual([
      [3, Float32Array.of(0.1, -2)],
      [12, Float32Array.of(1, 2)],
    ]);
    expect(modelType).toBeUndefined();
  });

  it.each([
    [new Map(), /at least one layer/],
    [{ 1: [1] }, /must be a Map/],
    [new Map([[0, [1]]]), /no direction for layer 0/],
    [new Map([[1.5, [1]]]), /whole numbers from 1/],
    [new Map([[1, []]]), /must be a list of numbers/],
    [
      new Map([
        [1, [1, 2]],
        [2, [1]],
      ]),
      /as many as the other directions have \(2\)/,
    ],
    [new Map([[1, [1, Number.NaN]]]), /finite numbers/],
    [new Map([[1, [1, 1e39]]]), /finite numbers/],
    [new Map([[1, [1n]]]), /finite numbers/],
    [new Map([[1, null]]), /must be a list of numbers/],
  ])("is refused before a file appears: %#", (directions: unknown, message) => {
    const file = join(temporaryFolder(), "none.gguf");
    const write = () => writeControlVector(file, { directions: directions as never });
    expect(write).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(write).toThrow(message);
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
  });

  it.each([
    [{ "general.architecture": "llama" }, [], /is no control vector/],
    [head, [], /no directions/],
    [head, [part("direction.0", [1])], /Directions are called/],
    [head, [part("blk.0.attn_q.weight", [1])], /Directions are called/],
    [head, [part("direction.1", [1, 2]), part("direction.2", [1])], /have 2 and 1 numbers/],
    [head, [part("direction.1", [1, 2, 3, 4], [2, 2])], /is no vector/],
    [head, [part("direction.1", [1, Number.NaN])], /not finite/],
    [
      head,
      [{ ...part("direction.1", []), kind: "Q8_0" as const, shape: [32], data: Buffer.alloc(34) }],
      /Q8_0.*Supported: F32, F16, BF16/,
    ],
  ])("of a file that is none is refused: %#", (metadata, parts, message) => {
    const file = writeGguf(metadata, parts);
    expect(() => readControlVector(file)).toThrow(message);
  });

  it("of a file cut off anywhere is refused with an error of ours", () => {
    const bytes = readFileSync(published);
    const file = join(temporaryFolder(), "short.gguf");
    for (let length = 0; length < bytes.length; length += 7) {
      writeFileSync(file, bytes.subarray(0, length));
      expect(() => readControlVector(file), String(length)).toThrow(
        expect.objectContaining({ code: "CORRUPT_CHECKPOINT" }),
      );
    }
  });
});
