/** What a collection is told, and what is checked before the first pass. */
import type { InterpretableModelCore, Interventions, Selector } from "@mlxterp/core";
import { InvalidArgumentError, type Module } from "@mlxterp/mlx";
import type { PositionChoice } from "./positions.js";

/** An `InterpretableModel`, for example what `loadModel` returns. */
export type DataModel = InterpretableModelCore<Module>;

/** How activations are kept. */
export type ActivationDtype = "float32" | "float16" | "bfloat16";

/** How far a collection has come. */
export interface CollectionProgress {
  /** Sequences of the dataset that are done, those of an earlier run included. */
  readonly sequences: number;
  /** Activations of each site: one for each chosen token. */
  readonly rows: number;
}

export interface StreamOptions {
  /** What to collect. */
  readonly sites: Selector | readonly Selector[];
  /** Which tokens of a sequence; default all of them. Padding is never one. */
  readonly positions?: PositionChoice;
  /** Sequences in one pass; default 8. */
  readonly batchSize?: number;
  /** Of floating-point activations; whole numbers become int32. Default float32. */
  readonly dtype?: ActivationDtype;
  readonly interventions?: Interventions;
  /** Called after every pass. */
  readonly onProgress?: (progress: CollectionProgress) => void;
  /** Stops before the next pass; the collection then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function positiveInteger(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(
    name,
    value,
    `it must be a whole number from 1; ${value} is none.`,
  );
}
