/** A module's parameters by their paths. */
import { type ArrayTree, isArray, type Module, type MxArray } from "@mlxterp/mlx";

/** In the order of the modules. */
export function parametersOf(module: Module): Map<string, MxArray> {
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
