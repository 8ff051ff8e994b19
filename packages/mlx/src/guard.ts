/** What an array is, and a check before it enters a graph. */
import { brief, checkWholeNumber, InvalidArgumentError } from "@mlxterp/results/errors";
import { mx, nn } from "./binding.js";
import { UnsupportedDtypeError } from "./errors.js";
import type { Dtype, MxArray } from "./types/array.js";
import type { DtypeName, Module } from "./types/nn.js";

/**
 * Whether a value is an MLX array.
 *
 * @example
 * isArray(mx.ones([2])); // true
 */
export function isArray(value: unknown): value is MxArray {
  return value instanceof mx.array;
}

/**
 * The rule of an argument that is an MLX array.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkArray("direction", mx.ones([2])).shape; // [2]
 */
export function checkArray(argument: string, value: unknown): MxArray {
  if (isArray(value)) return value;
  throw new InvalidArgumentError(argument, value, `must be an array of MLX, not ${brief(value)}.`);
}

/**
 * The rule of an argument that is a module.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkModule("decoder", new nn.Linear(2, 2));
 */
export function checkModule(argument: string, value: unknown): Module {
  if (nn.Module.isModule(value)) return value as Module;
  const rule = `must be an instance of nn.Module, not ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * A dtype's plain name, such as `"float32"`.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * dtypeName(mx.ones([2]).dtype); // "float32"
 */
export function dtypeName(dtype: Dtype): DtypeName {
  return String(checkDtype(dtype)).replace(/^.*\./, "") as DtypeName;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no dtype of MLX */
export function checkDtype(value: unknown): Dtype {
  if (dtypeNames.some((name) => mx[name] === value)) return value as Dtype;
  throw new InvalidArgumentError("dtype", value, `must be a dtype of mx, not ${brief(value)}.`);
}

/** The names of all dtypes. */
export const dtypeNames: readonly DtypeName[] = [
  ...(["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"] as const),
  ...(["float16", "bfloat16", "float32", "complex64"] as const),
];

/**
 * The rule of an argument that is an array of real numbers: no complex ones, and no truth values.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkReal("x", mx.ones([2])).shape; // [2]
 */
export function checkReal(argument: string, value: unknown): MxArray {
  const array = checkArray(argument, value);
  if (array.dtype !== mx.complex64 && array.dtype !== mx.bool) return array;
  const rule = `must hold real numbers, not ${dtypeName(array.dtype)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * The check of what is multiplied by a matrix: an array whose last axis has the length of the matrix's first.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no array, one of complex numbers or truth values, or of another width
 * @example
 * checkWidth("x", mx.ones([2, 3]), 3).shape; // [2, 3]
 */
export function checkWidth(argument: string, value: unknown, width: number): MxArray {
  const array = checkReal(argument, value);
  if (array.shape.at(-1) === checkWholeNumber("width", width)) return array;
  const rule = `must be of shape […, ${width}], not [${array.shape.join(", ")}].`;
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * Whether a dtype is one of the floating-point kinds.
 *
 * @example
 * isFloating(mx.int32); // false
 */
export function isFloating(dtype: Dtype): boolean {
  return mx.issubdtype(checkDtype(dtype), mx.floating);
}

/**
 * The device that computes by default.
 *
 * @example
 * const dtype = deviceName() === "cpu" ? mx.float32 : mx.float16;
 */
export function deviceName(): "cpu" | "gpu" {
  return mx.defaultDevice().type === mx.gpu ? "gpu" : "cpu";
}

/**
 * Refuses half precision on the CPU, where results of different precision would differ and nothing is gained.
 *
 * @param array an array from outside, of any shape
 * @param where what the array is, for the message
 * @throws UnsupportedDtypeError (`UNSUPPORTED_DTYPE`)
 * @example
 * guardDtype(direction, "The direction");
 */
export function guardDtype(array: MxArray, where: string): void {
  checkArray("array", array);
  const half = array.dtype === mx.float16 || array.dtype === mx.bfloat16;
  if (half && deviceName() === "cpu") {
    throw new UnsupportedDtypeError(where, dtypeName(array.dtype), ["float32"]);
  }
}
