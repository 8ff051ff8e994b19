/** An argument that is a crosscoder: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { Crosscoder } from "./crosscoder.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkCrosscoder(argument: string, value: unknown): asserts value is Crosscoder {
  if (value instanceof Crosscoder && value.config !== undefined) return; // of the class, and built
  const rule = "must be a crosscoder, such as loadCrosscoder gives.";
  throw new InvalidArgumentError(argument, value, rule);
}
