/** What stands in for lists and plain objects of modules during a pass. */
import { withOriginals } from "../tree/originals.js";
import type { Interceptor } from "./interceptor.js";
import { reflecting, targetFor } from "./reflection.js";

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
  /** What the user's list held when the items were made from it. */
  private seen: readonly unknown[];

  constructor(
    private readonly path: string,
    private readonly original: unknown[],
    private readonly interceptor: Interceptor,
  ) {
    this.seen = [...original];
    this.items = this.standIns();
    this.shown = [...this.items];
  }

  /** Follows what the user has done to the list since the last pass. */
  refresh(): void {
    if (sameItems(this.seen, this.original)) return;
    this.seen = [...this.original];
    this.items.splice(0, this.items.length, ...this.standIns());
    this.shown = [...this.items];
  }

  writeBack(): void {
    const { items, shown, original } = this;
    if (sameItems(items, shown)) return;
    original.splice(0, original.length, ...items.map(withOriginals));
    this.shown = [...items];
    this.seen = [...original];
  }

  private standIns(): unknown[] {
    return this.original.map((item, index) =>
      typeof item === "object" && item !== null
        ? this.interceptor.standInFor(`${this.path}.${index}`, item)
        : item,
    );
  }
}

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  let same = one.length === other.length;
  for (let index = 0; same && index < one.length; index++) same = one[index] === other[index];
  return same;
}

/** Shows an object's members as stand-ins, and writes through to it. */
export function objectStandIn(path: string, original: object, interceptor: Interceptor): object {
  const shown = new Map<PropertyKey, Shown>();
  return new Proxy(targetFor(original), {
    ...reflecting(original),
    get: (_target, key) => {
      const value: unknown = Reflect.get(original, key);
      if (typeof value !== "object" || value === null || typeof key === "symbol") return value;
      const known = shown.get(key);
      if (known?.original === value) return known.standIn;
      const standIn = interceptor.standInFor(`${path}.${key}`, value);
      // Only stand-ins are remembered: anything else may be an activation, which must not be kept alive.
      if (standIn !== value) shown.set(key, { original: value, standIn });
      return standIn;
    },
    set: (_target, key, value) => Reflect.set(original, key, withOriginals(value)),
  });
}
