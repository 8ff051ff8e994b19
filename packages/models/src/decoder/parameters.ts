/** Puts arrays in the place of a module's parameters, by path. */
import {
  type ArrayTree,
  checkArray,
  checkIterable,
  checkList,
  checkModule,
  checkText,
  type Module,
  type MxArray,
} from "@mlxterp/mlx";

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
