/** Copies between arrays and JavaScript typed arrays; large ones travel through a temporary safetensors file. */
import { readFileSync, writeFileSync } from "node:fs";
import { checkNumbers } from "@mlxterp/results/errors";
import { mx } from "./binding.js";
import { InvalidArgumentError } from "./errors.js";
import { checkArray, checkDtype, isFloating } from "./guard.js";
import { saveTensors } from "./save-tensors.js";
import { withScratchFile } from "./scratch.js";
import type { Dtype, MxArray } from "./types/array.js";
import type { DtypeName } from "./types/nn.js";

/** Above this many elements a file on tmpfs is faster than the binding's nested lists. */
const listLimit = 4096;

/** Every typed array that has a dtype here. */
type TypedNumbers =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

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
  checkArray("array", array);
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
 * @param data as many elements as the shape holds, of any typed array
 * @param shape of the result
 * @param dtype of the result; by default that of the elements, with 32 bits for `Float64Array`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when counts differ, or for anything but a typed array
 * @example
 * fromFlat(Int32Array.of(1, 2, 3, 4), [2, 2]).tolist(); // [[1, 2], [3, 4]]
 */
export function fromFlat(data: TypedNumbers, shape: readonly number[], dtype?: Dtype): MxArray {
  const format = formatOf(data);
  if (data.length === 0) checkNumbers("data", data); // whose memory may be gone
  checkCount(data.length, shape);
  if (dtype !== undefined) checkDtype(dtype);
  const numbers = data instanceof Float64Array ? new Float32Array(data) : data;
  const source = mx[format.dtype];
  const array = isLong(numbers)
    ? fromFile(numbers, shape, format)
    : mx.array(Array.from(numbers as Float32Array), source).reshape(shape);
  return (dtype ?? source) === source ? array : array.astype(dtype!);
}

/** Lists cannot hold large numbers of 64 bits, and are slow. */
function isLong(data: TypedNumbers): boolean {
  return data.length > listLimit || data instanceof BigInt64Array || data instanceof BigUint64Array;
}

function fromFile(data: TypedNumbers, shape: readonly number[], format: NumberFormat): MxArray {
  if (data.length === 0) return mx.zeros(shape, mx[format.dtype]);
  return withScratchFile(data.byteLength, (file) => {
    writeFileSync(file, safetensorsBytes(data, shape, format.name));
    const loaded = (mx.load(file) as Record<string, MxArray>).array;
    mx.eval(loaded); // the file disappears when we return
    return loaded;
  });
}

/**
 * Copies numbers in the bytes of a safetensors file into an array; those of 64 bits with a fraction become float32.
 *
 * @param bytes row by row, little endian
 * @param shape of the result
 * @param name of the format, such as `BF16`
 */
export function fromBytes(bytes: Buffer, shape: readonly number[], name: string): MxArray {
  const own = new Uint8Array(bytes); // from the beginning of its memory, as numbers of several bytes need
  if (name === "F64") return fromFlat(new Float64Array(own.buffer), shape);
  if (own.length > 0) return fromFile(own, shape, { name, dtype: "uint8" });
  return mx.zeros(shape, mx.float32);
}

function checkCount(length: number, shape: readonly number[]): void {
  checkNumbers("shape", shape);
  const count = shape.reduce((product, size) => product * size, 1);
  if (length === count && shape.every((size) => Number.isInteger(size) && size >= 0)) return;
  throw new InvalidArgumentError(
    "data",
    length,
    `${length} numbers do not fill the shape [${shape.join(", ")}].`,
  );
}

interface NumberFormat {
  /** In safetensors files. */
  readonly name: string;
  readonly dtype: DtypeName;
}

const formats: Readonly<Record<string, NumberFormat>> = {
  Int8Array: { name: "I8", dtype: "int8" },
  Uint8Array: { name: "U8", dtype: "uint8" },
  Uint8ClampedArray: { name: "U8", dtype: "uint8" },
  Int16Array: { name: "I16", dtype: "int16" },
  Uint16Array: { name: "U16", dtype: "uint16" },
  Int32Array: { name: "I32", dtype: "int32" },
  Uint32Array: { name: "U32", dtype: "uint32" },
  BigInt64Array: { name: "I64", dtype: "int64" },
  BigUint64Array: { name: "U64", dtype: "uint64" },
  Float32Array: { name: "F32", dtype: "float32" },
  Float64Array: { name: "F32", dtype: "float32" },
};

/** By the engine's own tag, which no subclass (a `Buffer`, say) changes. */
function formatOf(data: TypedNumbers): NumberFormat {
  const tag = Object.getPrototypeOf(Uint8Array.prototype);
  const kind = Object.getOwnPropertyDescriptor(tag, Symbol.toStringTag)!.get!.call(data);
  const format = formats[kind];
  if (format) return format;
  const rule = `${kind ?? "this"} is none of ${Object.keys(formats).join(", ")}.`;
  throw new InvalidArgumentError("data", data, rule);
}

function safetensorsBytes(data: TypedNumbers, shape: readonly number[], name: string): Buffer {
  const header = JSON.stringify({
    array: { dtype: name, shape, data_offsets: [0, data.byteLength] },
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
