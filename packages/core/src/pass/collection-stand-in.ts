/** What stands in for maps and sets during a pass: the same members, with stand-ins for the modules among them. */
import { isMap, isSet } from "@mlxterp/mlx";
import { originalOf, withOriginals } from "../tree/originals.js";
import type { Interceptor } from "./interceptor.js";
import { reflecting, targetFor } from "./reflection.js";

type Weak = WeakMap<object, unknown> | WeakSet<object>;
type Collection = Map<unknown, unknown> | Set<unknown> | Weak;
type Method = (...args: unknown[]) => unknown;

/** Methods that walk through a collection; they are run on a copy that holds the stand-ins. */
const walks = new Set<PropertyKey>(["entries", "forEach", "keys", "values", Symbol.iterator]);

export function isLookup(value: unknown): value is Weak {
  return value instanceof WeakMap || value instanceof WeakSet;
}

/** Finds members by modules and by their stand-ins alike, and writes through to the user's collection. */
export function collectionStandIn(
  path: string,
  original: Collection,
  interceptor: Interceptor,
): object {
  const show = (key: unknown, value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? interceptor.standInFor(`${path}.${String(key)}`, value)
      : value;
  const call = (key: PropertyKey, method: Method): Method => {
    if (walks.has(key)) return method.bind(shown(original, show));
    return (...args) => {
      const result = Reflect.apply(method, original, args.map(withOriginals));
      if (result === original) return standIn; // set and add can be chained
      return key === "get" ? show(originalOf(args[0]), result) : result;
    };
  };
  const standIn: object = new Proxy(targetFor(original), {
    ...reflecting(original),
    get: (_target, key) => {
      const member: unknown = Reflect.get(original, key, original);
      return typeof member === "function" && key !== "constructor"
        ? call(key, member as Method)
        : member;
    },
    set: (_target, key, value) => Reflect.set(original, key, withOriginals(value)),
  });
  return standIn;
}

/** A copy with stand-ins; the modules that a map has as keys are known by themselves, not by a name. */
function shown(original: Collection, show: (key: unknown, value: unknown) => unknown): object {
  if (isMap(original)) {
    return new Map([...original].map(([key, value]) => [show("", key), show(key, value)]));
  }
  if (isSet(original)) return new Set([...original].map((item, index) => show(index, item)));
  return original;
}
