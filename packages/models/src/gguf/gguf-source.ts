/** Hands out the tensors of a GGUF file, reading one at a time. */
import { closeSync, openSync, readSync } from "node:fs";
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { CorruptCheckpointError } from "../errors.js";
import type { TensorEntry } from "../loading/safetensors-header.js";
import type { TensorSource } from "../loading/tensor-source.js";
import { halfToFloat, unpackBlocks } from "./gguf-blocks.js";
import type { GgufTensor } from "./gguf-header.js";

/** A packed tensor is read with its first part; the others wait until they are taken. */
export class GgufSource implements TensorSource {
  readonly #waiting = new Map<string, MxArray>();
  readonly #tensors: ReadonlyMap<string, GgufTensor>;

  constructor(
    private readonly file: string,
    tensors: readonly GgufTensor[],
  ) {
    this.#tensors = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  take({ name, shape }: TensorEntry): MxArray {
    const tensor = this.#tensors.get(name);
    if (tensor) this.#read(tensor);
    const array = this.#waiting.get(name) as MxArray;
    this.#waiting.delete(name);
    return array.reshape(shape);
  }

  #read({ name, type, shape, offset, bytes }: GgufTensor): void {
    const data = this.#bytes(offset, bytes);
    if (type === "F32" || type === "F16") {
      const array = type === "F32" ? floats(data, shape) : halves(data, shape);
      this.#waiting.set(name, array);
      return;
    }
    const { words, scales, biases } = unpackBlocks(data, type);
    const module = name.replace(/\.weight$/, "");
    this.#waiting.set(name, fromFlat(words, [words.length], mx.uint32));
    this.#waiting.set(`${module}.scales`, fromFlat(scales, [scales.length]));
    this.#waiting.set(`${module}.biases`, fromFlat(biases, [biases.length]));
  }

  #bytes(offset: number, length: number): Buffer {
    const descriptor = openSync(this.file, "r");
    try {
      const data = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const read = readSync(descriptor, data, filled, length - filled, offset + filled);
        if (read === 0) throw new CorruptCheckpointError(this.file, "it has become shorter");
        filled += read;
      }
      return data;
    } finally {
      closeSync(descriptor);
    }
  }
}

function floats(data: Buffer, shape: readonly number[]): MxArray {
  return fromFlat(new Float32Array(data.buffer, data.byteOffset, data.length / 4), shape);
}

/** Every half as the float it equals, kept in half precision. */
function halves(data: Buffer, shape: readonly number[]): MxArray {
  const values = Float32Array.from({ length: data.length / 2 }, (_, index) =>
    halfToFloat(data.readUInt16LE(2 * index)),
  );
  return fromFlat(values, shape).astype(mx.float16);
}
