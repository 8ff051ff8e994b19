/** An argument that is a source of rows: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError, isCallable } from "@mlxterp/mlx";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what has no batches */
export function checkSource(argument: string, value: unknown): void {
  if (isCallable((value as { batches?: unknown } | null | undefined)?.batches)) return;
  const rule = "must be a source of rows, such as storeSource, modelSource or arraySource give.";
  throw new InvalidArgumentError(argument, value, rule);
}
