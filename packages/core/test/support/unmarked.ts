/** What a trace must leave as it was, seen from as close as the language allows: descriptors, prototypes, numbers. */
import { isArray, nn, toFlat } from "@mlxterp/mlx";
import { expect } from "vitest";

/** One object of a module tree, with how each of its properties is defined. */
interface Mark {
  readonly path: string;
  readonly object: object;
  readonly prototype: object | null;
  readonly extensible: boolean;
  readonly properties: readonly (readonly [PropertyKey, PropertyDescriptor])[];
}

/** Runs something and expects every object below a module to be the same, down to its property descriptors and bits. */
export async function expectUnmarked(module: object, use: () => unknown): Promise<void> {
  const check = remember(module);
  await use();
  check();
}

/** @returns what fails if anything has changed since */
export function remember(module: object): () => void {
  const before = marksOf(module);
  const arrays = arraysOf(before);
  const bits = arrays.map((array) => toFlat(array));
  return () => {
    const after = marksOf(module);
    expect(after.map(({ path }) => path)).toEqual(before.map(({ path }) => path));
    for (const [index, mark] of after.entries()) expectSameMark(mark, before[index]);
    expect(arrays.map((array) => toFlat(array))).toEqual(bits);
  };
}

function marksOf(module: object): Mark[] {
  const seen = new Set<object>();
  const visit = (object: unknown, path: string): Mark[] => {
    if (!isHolder(object) || seen.has(object)) return [];
    seen.add(object);
    const keys = Reflect.ownKeys(object);
    const properties = keys.map(
      (key) => [key, Reflect.getOwnPropertyDescriptor(object, key)!] as const,
    );
    const prototype = Object.getPrototypeOf(object) as object | null;
    const mark = { path, object, prototype, extensible: Object.isExtensible(object), properties };
    return [
      mark,
      ...properties.flatMap(([key, { value }]) => visit(value, `${path}.${String(key)}`)),
    ];
  };
  return visit(module, "");
}

function isHolder(value: unknown): value is object {
  if (typeof value !== "object" || value === null || isArray(value)) return false;
  if (nn.Module.isModule(value) || Array.isArray(value)) return true;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

function arraysOf(marks: readonly Mark[]) {
  return marks
    .flatMap(({ properties }) => properties.map(([, { value }]) => value))
    .filter(isArray);
}

function expectSameMark(after: Mark, before: Mark): void {
  const where = before.path || "the model";
  expect(after.object === before.object, where).toBe(true);
  expect(after.prototype === before.prototype, where).toBe(true);
  expect(after.extensible, where).toBe(before.extensible);
  expect(after.properties.length, where).toBe(before.properties.length);
  for (const [index, [key, property]] of after.properties.entries()) {
    const [oldKey, old] = before.properties[index];
    const same = (name: keyof PropertyDescriptor) => Object.is(property[name], old[name]);
    const unchanged = (
      ["value", "get", "set", "writable", "enumerable", "configurable"] as const
    ).every(same);
    expect(key === oldKey && unchanged, `${where}.${String(key)}`).toBe(true);
  }
}
