/** What functions that take a model are given: checked at the door, not where its first method is missing. */
import { brief, checkMethods, InvalidArgumentError } from "@mlxterp/mlx";

/**
 * The rule of an argument that is an interpretable model.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkModel("model", model);
 */
export function checkModel(argument: string, value: unknown): void {
  const what = "a model, such as `new InterpretableModel(module)` or what `loadModel` returns";
  checkMethods(argument, value, ["run", "trace", "tokens", "collectLazily"], what);
  const { anatomy, edits } = value as { readonly anatomy?: unknown; readonly edits?: unknown };
  if (typeof anatomy === "object" && anatomy !== null && Array.isArray(edits)) return;
  throw new InvalidArgumentError(argument, value, `must be ${what}, not ${brief(value)}.`); // of its class, and never built
}
