/** What is said of rows that end before the rectangle does. */
import { InvalidArgumentError, type MxArray } from "@mlxterp/mlx";

/** MLX checks none of it. @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there is one for each row, within it */
export function checkLengths(ids: MxArray, lengths: readonly number[] | undefined): void {
  if (!lengths) return;
  const [rows, width] = ids.shape;
  const fits = lengths.every((one) => Number.isInteger(one) && one >= 1 && one <= width);
  if (fits && lengths.length === rows) return;
  const rule = `must be a list of ${rows} numbers of real tokens, each from 1 to ${width}.`;
  throw new InvalidArgumentError("lengths", lengths, rule);
}
