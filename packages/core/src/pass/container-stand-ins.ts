/** What stands in for lists and plain objects of modules during a pass. */
import { withOriginals } from "../sites/originals.js";
import type { Interceptor } from "./interceptor.js";

/** A value and what is shown in its place. */
export interface Shown {
  readonly original: object;
  readonly standIn: object;
}

/**
 * A list of stand-ins. It is a real array, since forwards walk through lists all the time; should a forward
 * change it, the change is carried over to the user's list when the pass ends.
 */
export class ListStandIn {
  readonly items: unknown[];
  private shown: readonly unknown[];

  constructor(
    path: string,
    private readonly original: unknown[],
    interceptor: Interceptor,
  ) {
    this.items = original.map((item, index) =>
      typeof item === "object" && item !== null
        ? interceptor.standInFor(`${path}.${index}`, item)
        : item,
    );
    this.shown = [...this.items];
  }

  writeBack(): void {
    const { items, shown, original } = this;
    let same = items.length === shown.length;
    for (let index = 0; same && index < items.length; index++) same = items[index] === shown[index];
    if (same) return;
    original.splice(0, original.length, ...items.map(withOriginals));
    this.shown = [...items];
  }
}

/** Shows an object's members as stand-ins, and writes through to it. */
export function objectStandIn(path: string, original: object, interceptor: Interceptor): object {
  const shown = new Map<PropertyKey, Shown>();
  return new Proxy(adjustable(original), {
    get: (_target, key) => {
      const value: unknown = Reflect.get(original, key);
      if (typeof value !== "object" || value === null || typeof key === "symbol") return value;
      const known = shown.get(key);
      if (known?.original === value) return known.standIn;
      const standIn = interceptor.standInFor(`${path}.${key}`, value);
      shown.set(key, { original: value, standIn });
      return standIn;
    },
    set: (_target, key, value) => Reflect.set(original, key, withOriginals(value)),
    deleteProperty: (_target, key) => Reflect.deleteProperty(original, key),
  });
}

/**
 * A target for a proxy. A proxy must show what its target says can never change, so where that is more than
 * nothing, as with frozen objects, a copy that can change takes the target's place.
 */
export function adjustable<T extends object>(original: T): T {
  const fixed = Object.values(Object.getOwnPropertyDescriptors(original)).some(
    (property) => property.configurable === false && property.writable !== true,
  );
  return fixed
    ? Object.assign(Object.create(Object.getPrototypeOf(original) as object) as T, original)
    : original;
}
