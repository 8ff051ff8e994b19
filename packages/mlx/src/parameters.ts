/** A module's parameters as a flat list of paths. */
import { nn } from "./binding.js";
import { checkModule, isArray } from "./guard.js";
import type { MxArray } from "./types/array.js";
import type { Module } from "./types/nn.js";

/**
 * Every parameter by its path, such as `layers.0.mlp.upProj.weight`, in the order of the modules: those of
 * `module.parameters()`, which takes ten times as long since it resolves a file for each member.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no module
 * @example
 * const count = [...listParameters(decoder).values()].reduce((sum, { size }) => sum + size, 0);
 */
export function listParameters(module: Module): Map<string, MxArray> {
  checkModule("module", module);
  const found = new Map<string, MxArray>();
  if (module.parameters === nn.Module.prototype.parameters) visitMembers(module, "", found);
  else visit(module.parameters(), "", found); // it says itself what its parameters are
  return found;
}

function visitMembers(module: Module, path: string, found: Map<string, MxArray>): void {
  for (const name of Object.getOwnPropertyNames(module)) {
    if (name.startsWith("_") || name in nn.Module.prototype) continue;
    visit((module as unknown as Record<string, unknown>)[name], join(path, name), found);
  }
}

/** Arrays, modules, and lists and plain objects of them; whatever else a module holds is no parameter. */
function visit(value: unknown, path: string, found: Map<string, MxArray>): void {
  if (typeof value !== "object" || value === null) return;
  if (isArray(value)) found.set(path, value);
  else if (nn.Module.isModule(value)) visitMembers(value, path, found);
  else if (Array.isArray(value) || value.constructor === Object) {
    for (const [key, child] of Object.entries(value)) visit(child, join(path, key), found);
  }
}

const join = (path: string, key: string) => (path ? `${path}.${key}` : key);
