/** What each stand-in of a pass stands for, so that none ever ends up inside a user's module. */
import { isMap } from "@mlxterp/mlx";
import { isCollection, isPlainObject } from "./containers.js";

const originals = new WeakMap<object, object>();

/** Notes that `standIn` is shown to forwards in place of `original`. */
export function noteStandIn<T extends object>(standIn: T, original: object): T {
  originals.set(standIn, original);
  return standIn;
}

/** The value itself, or what it stands in for. */
export function originalOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  return (originals.get(value) as T | undefined) ?? value;
}

/** Like `originalOf`, for values that may hold stand-ins in containers; those are then copied. */
export function withOriginals<T>(value: T): T {
  const original = originalOf(value);
  if (original !== value) return original;
  if (Array.isArray(value)) {
    const items = value.map(withOriginals);
    return items.some((item, index) => item !== value[index]) ? (items as T) : value;
  }
  if (isCollection(value)) return collectionWithOriginals(value) as T;
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withOriginals(item)] as const);
  const changed = entries.some(([key, item]) => item !== value[key]);
  return changed ? (Object.fromEntries(entries) as T) : value;
}

function collectionWithOriginals(value: Map<unknown, unknown> | Set<unknown>): object {
  const items: unknown[] = [...value];
  const own = items.map(withOriginals);
  if (own.every((item, index) => item === items[index])) return value;
  return isMap(value) ? new Map(own as [unknown, unknown][]) : new Set(own);
}
