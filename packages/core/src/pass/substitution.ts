/** The way round modules whose own code cannot run on a stand-in: their children are exchanged for a moment. */
import type { Module } from "@mlxterp/mlx";

type StandIns = readonly (readonly [key: string, standIn: unknown])[];

/** Whether something else can be put in a property's place: not in a frozen module. */
export function isExchangeable(module: Module, key: string): boolean {
  const property = Reflect.getOwnPropertyDescriptor(module, key);
  return property?.configurable === true || property?.writable === true;
}

/**
 * Puts stand-ins in the place of a module's children while `use` runs; the children are back afterwards,
 * whatever happens. Forwards are synchronous, so nobody else sees the module meanwhile.
 *
 * @param standIns of exchangeable properties
 */
export function withSubstitutedChildren<T>(module: Module, standIns: StandIns, use: () => T): T {
  const before = standIns.map(([key, standIn]) => {
    return { key, standIn, property: Reflect.getOwnPropertyDescriptor(module, key)! };
  });
  try {
    for (const { key, standIn, property } of before) put(module, key, standIn, property);
    return use();
  } finally {
    for (const { key, standIn, property } of before) putBack(module, key, standIn, property);
  }
}

function put(module: Module, key: string, value: unknown, property: PropertyDescriptor): void {
  if (property.writable) Reflect.set(module, key, value);
  else {
    const { enumerable } = property;
    Reflect.defineProperty(module, key, { value, enumerable, writable: true, configurable: true });
  }
}

/** Unless the module's own code has put in another, or taken it out. */
function putBack(
  module: Module,
  key: string,
  standIn: unknown,
  property: PropertyDescriptor,
): void {
  const now = Reflect.getOwnPropertyDescriptor(module, key);
  if (property.writable) {
    if (now?.value === standIn) Reflect.set(module, key, property.value);
    return;
  }
  if (now === undefined) return;
  Reflect.defineProperty(module, key, property);
  if (now.value !== standIn) Reflect.set(module, key, now.value);
}
