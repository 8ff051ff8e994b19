/** Checks of plain arguments when an intervention is made, long before it runs. */
import { checkInteger, InvalidArgumentError, isCallable } from "@mlxterp/mlx";
import { brief } from "../errors.js";

/**
 * A fresh list of integers from one or several.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or a value that is not an integer
 */
export function requireIntegers(argument: string, value: number | readonly number[]): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) {
    throw new InvalidArgumentError(argument, value, "must name at least one; the list is empty.");
  }
  return list.map((item) => checkInteger(argument, item));
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless `value` is a function */
export function requireFunction(argument: string, value: unknown): void {
  if (isCallable(value)) return;
  throw new InvalidArgumentError(
    argument,
    value,
    `must be an intervention such as zeroOut(), not ${brief(value)}.`,
  );
}
