/** Folding is of weights, which edits are not part of. */
import { InvalidArgumentError } from "@mlxterp/mlx";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a view with edits */
export function requireNoEdits(model: {
  readonly name: string;
  readonly edits: readonly unknown[];
}): void {
  if (model.edits.length === 0) return;
  const rule = "a view with edits cannot be folded; fold the model, then edit.";
  throw new InvalidArgumentError("model", model.name, rule);
}
