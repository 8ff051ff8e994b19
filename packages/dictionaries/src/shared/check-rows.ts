/** Arrays that a dictionary reads, by their last axes. */
import { checkReal, type MxArray } from "@mlxterp/mlx";
import { DictionaryShapeError } from "./errors.js";

/** @throws DictionaryShapeError (`DICTIONARY_SHAPE`), InvalidArgumentError (`INVALID_ARGUMENT`) for what is no array of real numbers */
export function checkRows(argument: string, value: unknown, last: readonly number[]): MxArray {
  const array = checkReal(argument, value);
  if (array.shape.slice(-last.length).join() === last.join()) return array;
  throw new DictionaryShapeError(argument, ["…", ...last], array.shape);
}
