/** Copies between arrays and JavaScript typed arrays; large ones travel through a temporary safetensors file. */
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mx } from "./binding.js";
import { InvalidArgumentError } from "./errors.js";
import { dtypeName, isFloating } from "./guard.js";
import type { Dtype, MxArray } from "./types/array.js";

/** Above this many elements a file on tmpfs is faster than the binding's nested lists. */
const listLimit = 4096;

function scratchParent(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir(); // no tmpfs on this system: a disk works too
  }
}

function withScratchFile<T>(use: (file: string) => T): T {
  const folder = mkdtempSync(join(scratchParent(), "mlxterp-"));
  try {
    return use(join(folder, "array.safetensors"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Copies an array to the host, row by row. Evaluates it.
 *
 * @param array any shape; floating dtypes become float32, integers and booleans int32
 * @returns a typed array of `array.size` elements
 * @example
 * toFlat(mx.array([[1, 2], [3, 4]])); // Float32Array [1, 2, 3, 4]
 */
export function toFlat(array: MxArray): Float32Array | Int32Array {
  const floating = isFloating(array.dtype);
  const target = floating ? mx.float32 : mx.int32;
  const plain = array.dtype === target ? array : array.astype(target);
  if (array.size === 0) return floating ? new Float32Array() : new Int32Array();
  if (array.size <= listLimit) {
    const flat = plain.reshape([-1]).tolist() as number[];
    return floating ? Float32Array.from(flat) : Int32Array.from(flat);
  }
  return withScratchFile((file) => {
    mx.saveSafetensors(file, { array: plain.reshape([-1]) });
    const bytes = readFileSync(file);
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    const data = bytes.buffer.slice(
      bytes.byteOffset + start,
      bytes.byteOffset + start + array.size * 4,
    );
    return floating ? new Float32Array(data) : new Int32Array(data);
  });
}

/**
 * Copies host numbers into an array.
 *
 * @param data as many elements as the shape holds
 * @param shape of the result
 * @param dtype of the result; by default float32 for `Float32Array`, else int32
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when counts differ
 */
export function fromFlat(
  data: Float32Array | Int32Array | Uint32Array,
  shape: readonly number[],
  dtype?: Dtype,
): MxArray {
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) {
    throw new InvalidArgumentError(
      "data",
      data.length,
      `${data.length} numbers do not fill the shape [${shape.join(", ")}] of ${count}.`,
    );
  }
  const source =
    data instanceof Float32Array ? mx.float32 : data instanceof Uint32Array ? mx.uint32 : mx.int32;
  const target = dtype ?? (source === mx.float32 ? mx.float32 : mx.int32);
  if (data.length <= listLimit)
    return mx.array(Array.from(data), source).astype(target).reshape(shape);
  return withScratchFile((file) => {
    writeFileSync(file, safetensorsBytes(data, shape, dtypeName(source)));
    const { array } = mx.load(file) as Record<string, MxArray>;
    mx.eval(array); // the file disappears when we return
    return target === source ? array : array.astype(target);
  });
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
