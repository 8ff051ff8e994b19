/** An argument that is a dictionary: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { Dictionary } from "./dictionary.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkDictionary(argument: string, value: unknown): asserts value is Dictionary {
  if (value instanceof Dictionary && value.config !== undefined) return; // of the class, and built
  const rule = "must be a dictionary, such as loadDictionary gives.";
  throw new InvalidArgumentError(argument, value, rule);
}
