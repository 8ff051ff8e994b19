/** What sets of transcoders are made of: a list of layers, and where they read and write. */
import { checkList, InvalidArgumentError } from "@mlxterp/mlx";
import { checkRecord, checkText } from "@mlxterp/results/errors";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no list, or an empty one */
export function checkLayers(argument: string, value: unknown): void {
  checkList(argument, value);
  if ((value as unknown[]).length > 0) return;
  throw new InvalidArgumentError(argument, value, "needs one for each layer; it is empty.");
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless both sites are named */
export function checkSites(value: unknown): void {
  checkRecord("sites", value);
  const { input, output } = value as Readonly<Record<string, unknown>>;
  checkText("sites.input", input);
  checkText("sites.output", output);
}
