/** What a value is, before anything reads it, told by what it can do: objects that only inherit from a class can do nothing of it. */

/** Those of JavaScript's own classes that are used as functions, such as in `texts.map(Number)`. */
const conversions: ReadonlySet<unknown> = new Set([Boolean, Number, String]);

/**
 * Whether a value can be called as it is: a class is a function that cannot.
 *
 * @example
 * isCallable(Math.max); // true
 * isCallable(class A {}); // false
 */
export function isCallable(value: unknown): value is (...inputs: never[]) => unknown {
  if (typeof value !== "function") return false;
  if (conversions.has(value)) return true;
  return Object.getOwnPropertyDescriptor(value, "prototype")?.writable !== false; // as that of every class, also of JavaScript's own
}

/**
 * Whether a value can hold options: an object with names, or an empty one. A map, a promise or a date has no names that anybody
 * would read, and would pass for options that nobody gave.
 *
 * @example
 * isRecord({ topK: 5 }); // true
 * isRecord(new Map([["topK", 5]])); // false
 */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (Symbol.iterator in value || ("then" in value && typeof value.then === "function")) return false; // biome-ignore format: one line
  for (const _ in value) return true;
  const { constructor: kind } = value;
  return typeof kind !== "function" || kind.name === "Object"; // of any realm
}

/**
 * Whether a value is a map that can be read: one of another realm can, a proxy of one or an object that only inherits from one cannot.
 *
 * @example
 * isMap(new Map([[1, "one"]])); // true
 * isMap(Object.create(Map.prototype)); // false
 */
export function isMap(value: unknown): value is Map<unknown, unknown> {
  return reads(Map.prototype.has, value);
}

/**
 * Likewise, a set.
 *
 * @example
 * isSet(new Set([1])); // true
 */
export function isSet(value: unknown): value is Set<unknown> {
  return reads(Set.prototype.has, value);
}

/**
 * Whether a value is a regular expression that can be read: a proxy of one cannot.
 *
 * @example
 * isRegExp(/layers/); // true
 */
export function isRegExp(value: unknown): value is RegExp {
  if (!(value instanceof RegExp)) return false;
  try {
    return typeof value.source === "string";
  } catch {
    return false;
  }
}

/** Whether a value only looks like a map or a set, as a proxy of one does: going through it throws. */
export function isStandIn(value: object): boolean {
  return (value instanceof Map && !isMap(value)) || (value instanceof Set && !isSet(value));
}

/** Whether a map's or set's own method finds entries to read. */
function reads(has: (key: unknown) => boolean, value: unknown): boolean {
  if (typeof value !== "object" || value === null || !(Symbol.toStringTag in value)) return false;
  try {
    has.call(value, undefined);
    return true;
  } catch {
    return false; // it has no entries of its own
  }
}

/** One of the class that was never built throws where it is asked. */
export function isSignal(value: unknown): value is AbortSignal {
  try {
    const { throwIfAborted, aborted } = (value ?? {}) as Partial<AbortSignal>;
    return typeof throwIfAborted === "function" && typeof aborted === "boolean";
  } catch {
    return false;
  }
}

export function isNumbers(value: unknown): value is Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array;
}

export function isTexts(value: unknown): value is readonly string[] {
  return isListOf(value, (one) => typeof one === "string");
}

/** Of a list with gaps each gap is an item too, unlike for `every`. */
export function isListOf(value: unknown, is: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && Array.from(value).every(is);
}
