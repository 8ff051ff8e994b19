/** The numbers of a torch tensor, row by row whatever the order it was saved in. */

import {
  checkChoice,
  checkNumbers,
  checkRecord,
  checkText,
  checkWholeNumber,
} from "@mlxterp/results/errors";
import { readPart } from "../file-part.js";
import { fromBytes } from "../host.js";
import type { MxArray } from "../types/array.js";
import { itemBytes, type TorchTensor } from "./torch-value.js";

/**
 * The bytes of a part of a tensor, as a file of safetensors would have them.
 *
 * @param from the first row
 * @param to the row after the last
 * @throws CorruptFileError (`CORRUPT_FILE`) where the file has become shorter; FileAccessError (`FILE_ACCESS`)
 * @example
 * for (const tensor of openTorchFile("weights.pt").tensors.values()) torchBytes(tensor, 0, 1).length;
 */
export function torchBytes(
  tensor: TorchTensor,
  from = 0,
  to = tensor?.shape?.[0] ?? 1,
): Uint8Array {
  checkTensor(tensor);
  checkWholeNumber("from", from);
  checkWholeNumber("to", to);
  return bytesOf(tensor, from, to);
}

function checkTensor(value: unknown): asserts value is TorchTensor {
  checkRecord("tensor", value);
  const { file, shape, strides, storage, dtype, offset } = value as TorchTensor;
  checkText("tensor.file", file);
  checkNumbers("tensor.shape", shape);
  checkNumbers("tensor.strides", strides);
  checkRecord("tensor.storage", storage);
  checkWholeNumber("tensor.storage.start", storage.start);
  checkChoice("tensor.dtype", dtype, Object.keys(itemBytes) as TorchTensor["dtype"][]);
  checkWholeNumber("tensor.offset", offset);
}

function bytesOf(tensor: TorchTensor, from: number, to: number): Buffer {
  const { file, storage, dtype, strides, offset } = tensor;
  const shape = tensor.shape.length === 0 ? [] : [to - from, ...tensor.shape.slice(1)];
  const count = shape.reduce((product, length) => product * length, 1);
  if (count === 0) return Buffer.alloc(0);
  const width = itemBytes[dtype];
  const first = offset + from * (strides[0] ?? 0);
  const span = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], 1);
  const stored = readPart(file, storage.start + first * width, span * width);
  if (isRowMajor(shape, strides)) return stored;
  return gather(stored, { shape, strides, count, width });
}

/**
 * A tensor of a torch file as an array; float64 becomes float32.
 *
 * @returns of the tensor's shape
 * @throws CorruptFileError (`CORRUPT_FILE`) where the file has become shorter; FileAccessError (`FILE_ACCESS`)
 * @example
 * for (const tensor of openTorchFile("weights.pt").tensors.values()) readTorchTensor(tensor).shape;
 */
export function readTorchTensor(tensor: TorchTensor): MxArray {
  checkTensor(tensor);
  return fromBytes(bytesOf(tensor, 0, tensor.shape[0] ?? 1), tensor.shape, tensor.dtype);
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly count: number;
  readonly width: number;
}

function gather(stored: Buffer, { shape, strides, count, width }: Layout): Buffer {
  const result = Buffer.alloc(count * width);
  const index = shape.map(() => 0);
  let from = 0;
  for (let item = 0; item < count; item++) {
    for (let byte = 0; byte < width; byte++)
      result[item * width + byte] = stored[from * width + byte];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}
