/** A module's parameters as a flat list of paths, and back. */
import { type ArrayTree, isArray, type Module, type MxArray } from "@mlxterp/mlx";

/** Every parameter by its path, such as `layers.0.mlp.upProj.weight`. */
export function listParameters(module: Module): Map<string, MxArray> {
  const found = new Map<string, MxArray>();
  const visit = (tree: ArrayTree, path: string) => {
    if (isArray(tree)) {
      found.set(path, tree);
      return;
    }
    for (const [key, child] of Object.entries(tree)) visit(child, path ? `${path}.${key}` : key);
  };
  visit(module.parameters(), "");
  return found;
}

/** Puts arrays in the place of parameters, by path. */
export function setParameters(module: Module, arrays: Iterable<readonly [string, MxArray]>): void {
  const root: { [key: string]: ArrayTree } = {};
  for (const [path, array] of arrays) {
    const keys = path.split(".");
    const last = keys.pop()!;
    let branch = root;
    for (const key of keys) branch = (branch[key] ??= {}) as { [key: string]: ArrayTree };
    branch[last] = array;
  }
  module.update(root);
}
