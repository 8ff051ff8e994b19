/** Copies between arrays and JavaScript typed arrays; large ones travel through a temporary safetensors file. */
import { readFileSync, writeFileSync } from "node:fs";
import { mx } from "./binding.js";
import { InvalidArgumentError } from "./errors.js";
import { dtypeName, isFloating } from "./guard.js";
import { saveTensors } from "./save-tensors.js";
import { withScratchFile } from "./scratch.js";
import type { Dtype, MxArray } from "./types/array.js";

/** Above this many elements a file on tmpfs is faster than the binding's nested lists. */
const listLimit = 4096;

/** The binding makes arrays from lists by way of float32, which tells integers apart up to here. */
const exactLimit = 2 ** 24;

/**
 * Copies an array to the host, row by row. Evaluates it.
 *
 * @param array any shape; floating dtypes become float32, integers and booleans int32
 * @returns a typed array of `array.size` elements
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for complex numbers; IncompleteWriteError (`INCOMPLETE_WRITE`) where
 * neither memory nor disk has room for the copy
 * @example
 * toFlat(mx.array([[1, 2], [3, 4]])); // Float32Array [1, 2, 3, 4]
 */
export function toFlat(array: MxArray): Float32Array | Int32Array {
  if (array.dtype === mx.complex64) {
    throw new InvalidArgumentError("array", array, "complex numbers do not fit a typed array.");
  }
  const floating = isFloating(array.dtype);
  if (array.size === 0) return floating ? new Float32Array() : new Int32Array();
  const target = floating ? mx.float32 : mx.int32;
  const flat = (array.dtype === target ? array : array.astype(target)).reshape([-1]);
  if (array.size <= listLimit) {
    const list = flat.tolist() as number[];
    return floating ? Float32Array.from(list) : Int32Array.from(list);
  }
  const bytes = withScratchFile(array.size * 4, (file) => {
    saveTensors(file, { array: flat });
    return readFileSync(file);
  });
  const start = bytes.byteOffset + 8 + Number(bytes.readBigUInt64LE(0));
  const data = bytes.buffer.slice(start, start + array.size * 4);
  return floating ? new Float32Array(data) : new Int32Array(data);
}

/**
 * Copies host numbers into an array.
 *
 * @param data as many elements as the shape holds
 * @param shape of the result
 * @param dtype of the result; by default float32 for `Float32Array`, else int32
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when counts differ
 * @example
 * fromFlat(Int32Array.of(1, 2, 3, 4), [2, 2]).tolist(); // [[1, 2], [3, 4]]
 */
export function fromFlat(
  data: Float32Array | Int32Array | Uint32Array,
  shape: readonly number[],
  dtype?: Dtype,
): MxArray {
  checkCount(data.length, shape);
  const source = sourceDtype(data);
  const target = dtype ?? (source === mx.float32 ? mx.float32 : mx.int32);
  if (data.length <= listLimit && (source === mx.float32 || data.every(isExact))) {
    return mx.array(Array.from(data), source).astype(target).reshape(shape);
  }
  const array = withScratchFile(data.byteLength, (file) => {
    writeFileSync(file, safetensorsBytes(data, shape, dtypeName(source)));
    const loaded = (mx.load(file) as Record<string, MxArray>).array;
    mx.eval(loaded); // the file disappears when we return
    return loaded;
  });
  return target === source ? array : array.astype(target);
}

function checkCount(length: number, shape: readonly number[]): void {
  const count = shape.reduce((product, size) => product * size, 1);
  if (length === count && shape.every((size) => Number.isInteger(size) && size >= 0)) return;
  throw new InvalidArgumentError(
    "data",
    length,
    `${length} numbers do not fill the shape [${shape.join(", ")}].`,
  );
}

function sourceDtype(data: Float32Array | Int32Array | Uint32Array): Dtype {
  if (data instanceof Float32Array) return mx.float32;
  return data instanceof Uint32Array ? mx.uint32 : mx.int32;
}

function isExact(value: number): boolean {
  return Math.abs(value) <= exactLimit;
}

const safetensorsNames: Record<string, string> = { float32: "F32", int32: "I32", uint32: "U32" };

function safetensorsBytes(
  data: Float32Array | Int32Array | Uint32Array,
  shape: readonly number[],
  dtype: string,
): Buffer {
  const header = JSON.stringify({
    array: { dtype: safetensorsNames[dtype], shape, data_offsets: [0, data.byteLength] },
  });
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([
    size,
    Buffer.from(padded),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}
