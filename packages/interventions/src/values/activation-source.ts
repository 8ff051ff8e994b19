/** What interventions ask of a cache of activations. */
import type { TokenBatch } from "@mlxterp/core";
import type { MxArray } from "@mlxterp/mlx";

/** Where activations come from: an `ActivationCache`, or anything with such a `get`. */
export interface ActivationSource {
  get(site: string): MxArray;
  /** The prompts the activations belong to, if known. */
  readonly tokens?: TokenBatch;
}
