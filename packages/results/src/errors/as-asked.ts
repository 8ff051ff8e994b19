/** What was asked, kept as it was when it was asked: its caller may go on to change lists and objects. */

/**
 * A copy of lists and plain objects, all the way down; whatever else stands in them is the same, such as functions, models
 * and arrays of numbers. Work that goes on after its first `await` reads this, so that a caller who changes an object for the next
 * call does not change the last one.
 *
 * @returns the value itself where it is neither, or has names that a copy would be without
 * @example
 * asAsked({ layers: [0, 1], metric: Math.max });
 */
export function asAsked<T>(value: T): T {
  return copied(value, new Map()) as T;
}

function copied(value: unknown, known: Map<unknown, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (known.has(value)) return known.get(value); // lists may hold themselves
  if (Array.isArray(value)) {
    const list: unknown[] = new Array(value.length);
    known.set(value, list);
    for (const index of value.keys()) if (index in value) list[index] = copied(value[index], known);
    return list;
  }
  if (!isPlain(value)) return value;
  const record: Record<string, unknown> = Object.create(
    Object.getPrototypeOf(value) as object | null,
  );
  known.set(value, record);
  for (const name of Object.keys(value)) {
    const own = copied((value as Readonly<Record<string, unknown>>)[name], known);
    Object.defineProperty(record, name, { value: own, enumerable: true, configurable: true, writable: true }); // biome-ignore format: one line
  }
  return record;
}

/** Of any realm, and with nothing in it that has no name or is hidden. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  if (prototype !== null && !Object.hasOwn(prototype, "isPrototypeOf")) return false;
  return Reflect.ownKeys(value).length === Object.keys(value).length;
}
