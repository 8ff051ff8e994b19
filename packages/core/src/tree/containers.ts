/** Lists, plain objects, maps and sets: the containers in which modules, and the arrays they return, may lie. */
import { isMap, isSet } from "@mlxterp/mlx";

export type Container =
  | readonly unknown[]
  | Readonly<Record<string, unknown>>
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>;

/** One place in a container. */
export interface ContainerPlace {
  /** Its segment of a path. */
  readonly name: string;
  readonly value: unknown;
}

/** Whether a value is an object literal, rather than an instance of some class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isCollection(value: unknown): value is Map<unknown, unknown> | Set<unknown> {
  return isMap(value) || isSet(value);
}

export function isContainerValue(value: unknown): value is Container {
  return Array.isArray(value) || isPlainObject(value) || isCollection(value);
}

/** How many items a container has. */
export function sizeOf(container: object): number {
  if (Array.isArray(container)) return container.length;
  return isCollection(container) ? container.size : Object.keys(container).length;
}

/** The places where modules are, may be deeper inside, or may come to stand: a map's by key, a set's in order. */
export function* placesOf(container: Container): Iterable<ContainerPlace> {
  for (const [key, value] of entriesOf(container)) {
    if (typeof value === "object" || value === undefined) yield { name: String(key), value };
  }
}

function entriesOf(container: Container): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(container)) return (container as readonly unknown[]).entries();
  if (isSet(container)) return [...container].entries();
  if (!isMap(container)) return Object.entries(container);
  return [...container].filter(([key]) => typeof key === "string" || typeof key === "number");
}

/** What stands now at a place of a container. */
export function valueAt(container: Container, name: string): unknown {
  if (!isCollection(container)) return (container as Readonly<Record<string, unknown>>)[name];
  return [...placesOf(container)].find((place) => place.name === name)?.value;
}
