/** What sets of transcoders are made of: a list of layers, and where they read and write. */
import { indexFromEnd } from "@mlxterp/core";
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

/** One of its layers, of a negative number from the end. @throws OutOfRangeError (`OUT_OF_RANGE`) */
export function layerOf<T>(layers: readonly T[], layer: number): T {
  return layers[indexFromEnd("Layer", layer, layers.length, "this set of transcoders")];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no list with one array for each layer */
export function checkEachLayer(argument: string, value: unknown, layers: number): void {
  checkList(argument, value);
  const { length } = value as unknown[];
  if (length === layers) return;
  const rule = `needs one array for each of ${layers} layers, not ${length}.`;
  throw new InvalidArgumentError(argument, value, rule);
}
