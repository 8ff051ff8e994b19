/** What an array is, and a check before it enters a graph. */
import { brief, InvalidArgumentError } from "@mlxterp/results/errors";
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

function checkDtype(value: unknown): Dtype {
  if (value instanceof mx.float32.constructor) return value as Dtype;
  throw new InvalidArgumentError("dtype", value, `must be a dtype of mx, not ${brief(value)}.`);
}

/** The names of all dtypes. */
export const dtypeNames: readonly DtypeName[] = [
  ...(["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"] as const),
  ...(["float16", "bfloat16", "float32", "complex64"] as const),
];

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
