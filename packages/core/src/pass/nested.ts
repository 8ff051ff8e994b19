/** Arrays inside what modules take and return: tuples, lists and plain objects around them. */
import { isArray, type MxArray } from "@mlxterp/mlx";
import { isPlainObject } from "../tree/containers.js";

type Place = readonly (string | number)[];

/** Where the arrays of a value are, in order; a bare array is at the empty place. */
function places(value: unknown, prefix: Place = []): Place[] {
  if (isArray(value)) return [prefix];
  if (Array.isArray(value)) return value.flatMap((item, index) => places(item, [...prefix, index]));
  if (!isPlainObject(value)) return []; // a cache or another object with behaviour
  return Object.entries(value).flatMap(([key, item]) => places(item, [...prefix, key]));
}

function at(value: unknown, place: Place): unknown {
  return place.reduce((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

/**
 * The array that a port speaks of: the first one inside, or the one numbered.
 *
 * @returns undefined when there is none
 */
export function arrayInside(value: unknown, element = 0): MxArray | undefined {
  if (element === 0 && isArray(value)) return value;
  if (element === 0 && Array.isArray(value) && isArray(value[0])) return value[0];
  const place = places(value)[element];
  return place && (at(value, place) as MxArray);
}

/** The same value with one array inside exchanged; the containers around it are copied, not written to. */
export function withArrayInside(value: unknown, element: number, replacement: MxArray): unknown {
  const place = places(value)[element];
  return place ? exchange(value, place, replacement) : value;
}

function exchange(value: unknown, place: Place, replacement: MxArray): unknown {
  if (place.length === 0) return replacement;
  const [key, ...rest] = place;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  copy[key] = exchange(copy[key], rest, replacement);
  return copy;
}

/**
 * The same array under another handle, at no cost. Changing an array in place exchanges what its handle holds, so
 * whoever has a handle of their own cannot disturb others.
 */
export function ownHandle(array: MxArray): MxArray {
  return array.astype(array.dtype);
}
