/** Lists and plain objects: the containers in which modules, and the arrays they return, may lie. */

export type Container = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Whether a value is an object literal, rather than an instance of some class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isContainerValue(value: unknown): value is Container {
  return Array.isArray(value) || isPlainObject(value);
}

/** How many items a container has. */
export function sizeOf(container: object): number {
  return Array.isArray(container) ? container.length : Object.keys(container).length;
}
