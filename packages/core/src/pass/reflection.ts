/** Proxies that answer for an object other than their target. */

type Reflecting = Required<
  Pick<
    ProxyHandler<object>,
    | "has"
    | "ownKeys"
    | "getOwnPropertyDescriptor"
    | "defineProperty"
    | "deleteProperty"
    | "getPrototypeOf"
    | "setPrototypeOf"
  >
>;

/**
 * A proxy must show what its target says can never change. So the target is an empty object, and even one that is
 * frozen, now or later, can be shown with stand-ins as members.
 */
export function targetFor<T extends object>(original: T): T {
  return Object.create(Object.getPrototypeOf(original) as object | null) as T;
}

/** Every question but `get` and `set`, answered by the original. */
export function reflecting(original: object): Reflecting {
  return {
    has: (_target, key) => Reflect.has(original, key),
    ownKeys: () => Reflect.ownKeys(original),
    getOwnPropertyDescriptor: (target, key) => {
      const fixed = Reflect.getOwnPropertyDescriptor(target, key);
      const property = Reflect.getOwnPropertyDescriptor(original, key);
      return fixed ?? (property && { ...property, configurable: true });
    },
    defineProperty: (target, key, property) => {
      if (!Reflect.defineProperty(original, key, property)) return false;
      return property.configurable === true || Reflect.defineProperty(target, key, property);
    },
    deleteProperty: (_target, key) => Reflect.deleteProperty(original, key),
    getPrototypeOf: () => Reflect.getPrototypeOf(original),
    setPrototypeOf: (_target, prototype) => Reflect.setPrototypeOf(original, prototype),
  };
}
