/** What tests compare: arrays bit for bit or closely, and modules with what they held before. */
import { isArray, type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { expect } from "vitest";

/** Equal shape, dtype and bits. */
export function expectSame(actual: MxArray, expected: MxArray): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  expect(toFlat(actual)).toEqual(toFlat(expected));
}

export function expectClose(actual: MxArray, expected: MxArray, tolerance = 1e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  const distance = mx.max(mx.abs(mx.subtract(actual, expected))).item();
  expect(distance).toBeLessThanOrEqual(tolerance);
}

/** Every key of a module and of the modules below it, with the very value it holds. */
export function contents(module: object): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const visit = (value: unknown, path: string): void => {
    found.set(path, value);
    const container = nn.Module.isModule(value) || Array.isArray(value) || isRecord(value);
    if (!container || isArray(value)) return;
    for (const key of Reflect.ownKeys(value as object)) {
      visit(Reflect.get(value as object, key), `${path}.${String(key)}`);
    }
  };
  visit(module, "");
  return found;
}

/** Runs something and expects that the module holds the same objects, with the same numbers, as before. */
export async function expectUntouched(module: object, use: () => unknown): Promise<void> {
  const before = contents(module);
  const arrays = [...before.values()].filter(isArray);
  const bits = arrays.map((array) => toFlat(array));
  await use();
  const after = contents(module);
  expect([...after.keys()]).toEqual([...before.keys()]);
  for (const [path, value] of after) expect(value === before.get(path), path).toBe(true);
  expect(arrays.map((array) => toFlat(array))).toEqual(bits);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
