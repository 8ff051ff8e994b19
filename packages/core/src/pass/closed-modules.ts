/** Modules whose own code must run on the module itself, since it fails on a stand-in or goes past it. */
import { type Module, nn } from "@mlxterp/mlx";

// As written, as compilers lower it for older targets, and as it was done by hand before there was a syntax.
const privateAccess =
  /#[A-Za-z_$][\w$]*|_classPrivate|_assertClassBrand|__private(?:Get|Set|Method|Add)|\.(?:get|has)\(this\)/;

const remembered = new WeakMap<object, boolean>();

/**
 * Whether a class, or one it extends below `nn.Module`, has private members. Read from the class's own source: a
 * word that only looks like one costs nothing but the slower way.
 */
function hasPrivateMembers(module: Module): boolean {
  const prototype = Object.getPrototypeOf(module) as object;
  const known = remembered.get(prototype);
  if (known !== undefined) return known;
  const found = classesOf(module).some((level) =>
    functionsOf(level).some((one) => privateAccess.test(Function.prototype.toString.call(one))),
  );
  remembered.set(prototype, found);
  return found;
}

/** The class itself, and its methods: they may have been put on its prototype elsewhere. */
function functionsOf(level: object): unknown[] {
  return Object.values(Object.getOwnPropertyDescriptors(level))
    .flatMap(({ value, get, set }): unknown[] => [value, get, set])
    .filter((member) => typeof member === "function");
}

/** Whether a function stored on a module keeps hold of it: an arrow function with `this`, or a bound method. */
export function holdsModule(value: unknown): boolean {
  if (typeof value !== "function") return false;
  if (value.name.startsWith("bound ")) return true;
  const source = Function.prototype.toString.call(value);
  return !source.startsWith("class") && /\bthis\b/.test(source);
}

/** Whether a module's children must be exchanged while its own code runs. */
export function isClosed(module: Module): boolean {
  return hasPrivateMembers(module) || Object.values(module).some(holdsModule);
}

const accessors = new WeakMap<object, ReadonlySet<PropertyKey>>();

/** The names of the accessors that a module's classes define below `nn.Module`. */
export function accessorsOf(module: Module): ReadonlySet<PropertyKey> {
  const prototype = Object.getPrototypeOf(module) as object;
  const known = accessors.get(prototype);
  if (known !== undefined) return known;
  const names = classesOf(module)
    .flatMap((level) => Object.entries(Object.getOwnPropertyDescriptors(level)))
    .filter(([, { get }]) => get !== undefined)
    .map(([name]) => name);
  const found = new Set(names);
  accessors.set(prototype, found);
  return found;
}

/** A module's prototypes, up to and without that of `nn.Module`. */
function classesOf(module: Module): object[] {
  const levels: object[] = [];
  let level = Object.getPrototypeOf(module) as object | null;
  while (level !== null && level !== nn.Module.prototype) {
    levels.push(level);
    level = Object.getPrototypeOf(level) as object | null;
  }
  return levels;
}
