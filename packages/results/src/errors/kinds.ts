/** Of which kind a value is, told by what it can do: objects that only inherit from a class can do nothing of it. */

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
