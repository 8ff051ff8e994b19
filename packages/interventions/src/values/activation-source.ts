/** What interventions ask of a cache of activations. */
import { ActivationCache, type TokenBatch } from "@mlxterp/core";
import { checkMethods, InvalidArgumentError, type MxArray } from "@mlxterp/mlx";

/** Where activations come from: an `ActivationCache`, or anything with such a `get`. */
export interface ActivationSource {
  get(site: string): MxArray;
  /** The prompts the activations belong to, if known. */
  readonly tokens?: TokenBatch;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what has no activations */
export function checkSource(source: unknown): void {
  const what = "a cache of activations, or have a method get(site), as what model.run returns";
  checkMethods("source", source, ["get"], what);
  if (!(source instanceof ActivationCache) || ActivationCache.isBuilt(source)) return;
  throw new InvalidArgumentError("source", source, `must be ${what}.`); // of the class, and never built
}
