/** Files of torch.save against what torch itself reads of them, and everything that is refused. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { mx } from "../binding.js";
import { dtypeName } from "../guard.js";
import { toFlat } from "../host.js";
import { readTorchTensor, torchBytes } from "./read-tensor.js";
import { openTorchFile } from "./torch-file.js";
import { TorchTensor, type TorchValue } from "./torch-value.js";

const reference = (name: string) =>
  fileURLToPath(new URL(`../../references/torch-files/${name}`, import.meta.url));

interface Described {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly numbers: readonly number[];
}

const expected = JSON.parse(readFileSync(reference("expected.json"), "utf8")) as Record<
  string,
  Record<string, unknown>
>;

/** In the form of expected.json; float64 is read as float32. */
function described(value: TorchValue): unknown {
  if (value instanceof TorchTensor) {
    const array = readTorchTensor(value);
    const wide = dtypeName(array.dtype) === "int64"; // toFlat has 32 bits
    const numbers = Array.from(toFlat(wide ? array.astype(mx.float32) : array));
    return { shape: array.shape, dtype: `torch.${dtypeName(array.dtype)}`, numbers };
  }
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, inner]) => [key, described(inner)]));
  }
  if (Array.isArray(value)) return value.map(described);
  return typeof value === "bigint" ? Number(value) : value;
}

/** As float32 has the numbers, and float64 as that. */
function rounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  const { shape, dtype, numbers } = value as Described;
  if (!Array.isArray(numbers)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounded(inner)]));
  }
  const name = dtype === "torch.float64" ? "torch.float32" : dtype;
  return { shape, dtype: name, numbers: numbers.map(Math.fround) };
}

describe("a file of torch.save", () => {
  it.each(Object.keys(expected))("%s holds what torch reads of it", (name) => {
    expect(described(openTorchFile(reference(name)).content)).toEqual(rounded(expected[name]));
  });

  it("names the tensors of inner dictionaries and lists by the keys on the way", () => {
    const { tensors } = openTorchFile(reference("nested.pt"));
    expect([...tensors.keys()]).toEqual([
      ...["model.up.weight", "model.up.bias", "model.down.weight", "model.down.bias"],
      ...["layers.0", "layers.1.b"],
    ]);
  });

  it("gives some rows of a tensor, whatever the order they lie in", () => {
    const { tensors } = openTorchFile(reference("tensors.pt"));
    for (const name of ["plain", "transposed", "permuted", "columns", "repeated"]) {
      const tensor = tensors.get(name) as TorchTensor;
      const whole = torchBytes(tensor);
      const row = whole.length / tensor.shape[0];
      expect(torchBytes(tensor, 1, 3)).toEqual(whole.subarray(row, 3 * row));
    }
  });

  it.each([
    ["object.pt", "__main__.Stranger"],
    ["call.pt", "posix.system"],
    ["call-old.pt", "posix.system"],
    ["script.pt", "TorchScript"],
    ["plain.pkl", "does not begin as files of torch.save do"],
  ])("%s is refused by name, and nothing in it runs", (name, message) => {
    const open = () => openTorchFile(reference(name));
    expect(open).toThrow(expect.objectContaining({ code: "UNSUPPORTED_FILE" }));
    expect(open).toThrow(message);
  });
});
