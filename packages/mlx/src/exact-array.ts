/**
 * The constructor of arrays, with integers as they are: the binding makes them by way of float32, which loses the last
 * digits from 2^24 on. It also takes typed arrays, each by the type of its own elements, and refuses lists that hold
 * themselves, on which the binding ends the process.
 */
import { types } from "node:util";
import { checkNumbers } from "@mlxterp/results/errors";
import { InvalidArgumentError } from "./errors.js";
import type { Dtype, MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

/** What is known of numbers that came from JavaScript. */
interface NumberRange {
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

/** float32 tells integers apart up to here. */
const exactLimit = 2 ** 24;
/** Arrays of more axes than this are a mistake. */
const deepest = 64;
const known = new WeakMap<object, NumberRange>();

/** The smallest and largest number of a list, or of an array that was made of one. */
export function rangeOfNumbers(value: unknown): NumberRange | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Array.isArray(value) ? rangeOfList(value) : known.get(value);
}

/** Exchanges the constructor; arrays that exist stay instances of it. */
export function installExactArray(mx: Mx): void {
  const own = mx.array;
  const make = (value: unknown, dtype?: Dtype) => makeArray(mx, own, value, dtype);
  const array = new Proxy(own, {
    construct: (_, [value, dtype]) => make(value, dtype),
    apply: (_, __, [value, dtype]) => make(value, dtype),
  });
  Object.assign(mx, { array });
}

function makeArray(mx: Mx, Own: Mx["array"], given: unknown, wanted?: Dtype): MxArray {
  const typed = ArrayBuffer.isView(given);
  if (typed && given.byteLength === 0 && !(given instanceof DataView)) checkNumbers("value", given);
  const value = typed ? Array.from(given as Uint8Array) : plainList(given, 0);
  const dtype = wanted ?? (typed ? dtypeOfTyped(mx, given) : undefined);
  if (dtype !== undefined && typeof dtype?.size !== "number") {
    throw new InvalidArgumentError("dtype", dtype, "must be a dtype of mx, such as mx.float32.");
  }
  const numbers = Array.isArray(value) || typeof value === "number";
  if (!numbers || dtype === undefined || !mx.issubdtype(dtype, mx.integer)) {
    return readBy(Own, given, value, dtype);
  }
  const range = rangeOfList([value]);
  const exact = range.low >= -exactLimit && range.high <= exactLimit;
  const made = exact ? readBy(Own, given, value, dtype) : inParts(mx, Own, value, dtype);
  known.set(made, range);
  return made;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what the binding reads no numbers from: it says no more than that */
function readBy(Own: Mx["array"], given: unknown, value: unknown, dtype?: Dtype): MxArray {
  try {
    return dtype === undefined ? new Own(value as number) : new Own(value as number, dtype);
  } catch (cause) {
    const rule =
      "must be a number, true or false, or lists of them, equally long on each axis and without gaps.";
    throw Object.assign(new InvalidArgumentError("value", given, rule), { cause });
  }
}

/**
 * A list as the binding reads it, which takes a proxy of one for no list at all.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a list without an end
 */
function plainList(list: unknown, depth: number): unknown {
  if (!Array.isArray(list)) return list;
  if (depth > deepest) {
    const rule = `lists are nested more than ${deepest} deep, or one holds itself.`;
    throw new InvalidArgumentError("value", list, rule);
  }
  if (!types.isProxy(list) && !list.some(Array.isArray)) return list;
  return Array.from(list, (entry) => plainList(entry, depth + 1));
}

/** Three parts of 16 to 21 bits each, put together as integers. */
function inParts(mx: Mx, Own: Mx["array"], value: unknown, dtype: Dtype): MxArray {
  const part = (of: (number: number) => number) => readBy(Own, value, mapped(value, of), dtype);
  const low = part((n) => mod(n, 2 ** 16));
  const middle = part((n) => mod(Math.floor(n / 2 ** 16), 2 ** 16));
  const factor = new Own(2 ** 16, dtype);
  if (dtype.size < 8) return mx.add(mx.multiply(middle, factor), low); // wraps as integers do
  const high = part((n) => Math.floor(n / 2 ** 32));
  return mx.add(mx.multiply(mx.add(mx.multiply(high, factor), middle), factor), low);
}

function mod(n: number, size: number): number {
  return n - Math.floor(n / size) * size;
}

function mapped(value: unknown, of: (number: number) => number): unknown {
  if (Array.isArray(value)) return value.map((entry) => mapped(entry, of));
  return typeof value === "number" ? of(value) : value;
}

function rangeOfList(list: readonly unknown[]): NumberRange {
  const range = { count: 0, low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
  const visit = (entry: unknown) => {
    if (Array.isArray(entry)) return entry.forEach(visit);
    const number = Number(entry);
    range.count++;
    range.low = Math.min(range.low, number);
    range.high = Math.max(range.high, number);
  };
  list.forEach(visit);
  return range;
}

function dtypeOfTyped(mx: Mx, value: ArrayBufferView): Dtype {
  const dtype = {
    Int8Array: mx.int8,
    Uint8Array: mx.uint8,
    Uint8ClampedArray: mx.uint8,
    Int16Array: mx.int16,
    Uint16Array: mx.uint16,
    Int32Array: mx.int32,
    Uint32Array: mx.uint32,
    Float32Array: mx.float32,
    Float64Array: mx.float32,
  }[value.constructor.name];
  if (dtype) return dtype;
  const rule = `a ${value.constructor.name} has no dtype. Convert it to one of float32 or int32 first.`;
  throw new InvalidArgumentError("value", value, rule);
}
