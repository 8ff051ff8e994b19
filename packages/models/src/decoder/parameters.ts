/** A module's parameters as a flat list of paths, and back. */
import {
  type ArrayTree,
  checkArray,
  checkIterable,
  checkList,
  checkModule,
  checkText,
  isArray,
  type Module,
  type MxArray,
} from "@mlxterp/mlx";

/**
 * Every parameter by its path, such as `layers.0.mlp.upProj.weight`.
 *
 * @example
 * const count = [...listParameters(decoder).values()].reduce((sum, { size }) => sum + size, 0);
 */
export function listParameters(module: Module): Map<string, MxArray> {
  checkModule("module", module);
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

type Branch = { [key: string]: ArrayTree };

/**
 * Puts arrays in the place of parameters, by path; the module is changed. Shapes are not checked.
 *
 * @example
 * setParameters(decoder, [["finalNorm.weight", mx.ones([128])]]);
 */
export function setParameters(module: Module, arrays: Iterable<readonly [string, MxArray]>): void {
  checkModule("module", module);
  checkIterable("arrays", arrays);
  const root: Branch = {};
  for (const pair of arrays) {
    checkList("arrays", pair);
    const [path, array] = pair;
    checkText("arrays: path", path);
    checkArray(`arrays: ${path}`, array);
    const keys = path.split(".");
    const last = keys.pop()!;
    const branch = keys.reduce<Branch>((inner, key) => {
      inner[key] ??= {};
      return inner[key] as Branch;
    }, root);
    branch[last] = array;
  }
  module.update(root);
}
