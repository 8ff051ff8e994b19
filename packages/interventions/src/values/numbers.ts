/** Nested numbers: their shape, their flat form, and how JSON writes them. */
import { fromFlat, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { brief } from "../errors.js";
import type { JsonArray, JsonNumber, JsonNumbers } from "./json-numbers.js";

/** Numbers as other libraries, and `toFlat`, hand them out. */
export type TypedNumbers =
  | (Float32Array | Float64Array | Int32Array | Uint32Array)
  | (Int16Array | Uint16Array | Int8Array | Uint8Array | Uint8ClampedArray)
  | (BigInt64Array | BigUint64Array);

/** Plain numbers, nested to any depth in a regular shape; a typed array is a list of them. */
export type Numbers = number | TypedNumbers | readonly Numbers[];

/** Numbers in one row, and how they were nested. */
export interface FlatNumbers {
  readonly flat: ArrayLike<number>;
  readonly shape: readonly number[];
}

function irregular(argument: string, value: unknown, rule: string): InvalidArgumentError {
  return new InvalidArgumentError(argument, value, rule);
}

function shapeOf(argument: string, value: Numbers): number[] {
  const shape: number[] = [];
  for (let inner = listOf(value); inner; inner = listOf(inner[0])) {
    if (inner.length === 0) throw irregular(argument, value, "must hold at least one number.");
    shape.push(inner.length);
  }
  return shape;
}

/** A list, or the numbers of a typed array; undefined for what is neither. */
function listOf(value: unknown): ArrayLike<unknown> | undefined {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as Float32Array)
    : undefined;
}

/**
 * Copies nested numbers into one row.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for rows of different lengths, NaN, or what is not a number
 */
export function flatten(argument: string, value: Numbers): FlatNumbers {
  const shape = shapeOf(argument, value);
  const flat: number[] = [];
  const visit = (item: unknown, depth: number): void => {
    if (depth < shape.length) {
      const list = listOf(item);
      if (list?.length !== shape[depth]) {
        const rule = `is nested as [${shape.join(", ")}] at first, but then holds ${brief(item)}.`;
        throw irregular(argument, value, rule);
      }
      for (const inner of Array.from(list)) visit(inner, depth + 1);
      return;
    }
    if (typeof item === "bigint" && Number.isSafeInteger(Number(item))) {
      flat.push(Number(item));
      return;
    }
    if (typeof item !== "number" || Number.isNaN(item)) {
      throw irregular(argument, value, `must hold numbers, not ${brief(item)}.`);
    }
    flat.push(item);
  };
  visit(value, 0);
  return { flat, shape };
}

/** Nests numbers again, each as `write` has it. */
export function nest<T>({ flat, shape }: FlatNumbers, write: (value: number) => T): Nested<T> {
  let next = 0;
  const build = (depth: number): Nested<T> => {
    if (depth === shape.length) return write(flat[next++]);
    return Array.from({ length: shape[depth] }, () => build(depth + 1));
  };
  return build(0);
}

/** Values nested to any depth. */
type Nested<T> = T | readonly Nested<T>[];

/** Infinities as JSON can write them. */
export function toJsonNumber(value: number): JsonNumber {
  if (Number.isFinite(value)) return value;
  return value > 0 ? "Infinity" : "-Infinity";
}

function fromJsonNumbers(value: JsonNumbers): Numbers {
  return typeof value === "object" ? value.map(fromJsonNumbers) : Number(value);
}

/**
 * Reads numbers from JSON as an array of the dtype they name, float32 by default for nested numbers.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an irregular shape
 */
export function readArray(argument: string, json: JsonArray): Numbers | MxArray {
  if (typeof json !== "object" || !("dtype" in json)) return fromJsonNumbers(json);
  const { flat, shape } = flatten(argument, fromJsonNumbers(json.values));
  return fromFlat(Float32Array.from(flat), shape).astype(mx[json.dtype]);
}
