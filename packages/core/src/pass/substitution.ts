/** The way round classes with `#private` members, whose forward cannot run on a proxy. */
import { type Module, nn } from "@mlxterp/mlx";

const remembered = new WeakMap<object, boolean>();

// As written, and as compilers lower it for older targets.
const privateAccess = /#[A-Za-z_$][\w$]*|__classPrivate|__private(?:Get|Set|Method|Add)/;

/**
 * Whether a module's class, or one it extends below `nn.Module`, has private members. Read from the class's own
 * source: a word that only looks like one costs nothing but the slower way.
 */
export function hasPrivateMembers(module: Module): boolean {
  const prototype = Object.getPrototypeOf(module) as object;
  const known = remembered.get(prototype);
  if (known !== undefined) return known;
  let found = false;
  for (
    let level = prototype;
    level !== nn.Module.prototype && level !== null;
    level = Object.getPrototypeOf(level)
  ) {
    found ||= privateAccess.test(Function.prototype.toString.call(level.constructor));
  }
  remembered.set(prototype, found);
  return found;
}

/**
 * Puts stand-ins in the place of a module's children while `use` runs; the children are back afterwards,
 * whatever happens. The forward is synchronous, so nobody else sees the module meanwhile.
 */
export function withSubstitutedChildren<T>(
  module: Module,
  standIns: readonly (readonly [key: string, standIn: unknown])[],
  use: () => T,
): T {
  const target = module as unknown as Record<string, unknown>;
  const before = standIns.map(([key]) => [key, target[key]] as const);
  try {
    for (const [key, standIn] of standIns) target[key] = standIn;
    return use();
  } finally {
    for (const [key, original] of before) target[key] = original;
  }
}
