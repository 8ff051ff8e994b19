/** What a collection is told, and what is checked before the first pass. */
import {
  checkInterventions,
  checkPositions,
  checkSelectors,
  type InterpretableModelCore,
  type Interventions,
  type Positions,
  type Selector,
} from "@mlxterp/core";
import {
  checkFunction,
  checkOptions,
  checkPositiveInteger,
  checkSignal,
  type Module,
  type OptionNames,
  oneOf,
} from "@mlxterp/mlx";
import { type ColumnTypes, checkColumns } from "./columns.js";

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
  readonly save: Selector | readonly Selector[];
  /**
   * Which tokens of a sequence; default all of them. Padding is never one. Those that are named every sequence must
   * have; of a range it gives what it has: `{ from: 1 }` leaves out the first token.
   */
  readonly positions?: Positions;
  /** Sequences in one pass; default 8. */
  readonly batchSize?: number;
  /** Of floating-point activations; whole numbers become int32. Default float32. */
  readonly dtype?: ActivationDtype;
  readonly interventions?: Interventions;
  /**
   * What the dataset has beside each prompt, `{ prompt, columns: { label: 1 } }`, and how its numbers are kept: { label:
   * "int32" }. Rows then have it among their activations as `#label`. Default: nothing.
   */
  readonly columns?: ColumnTypes;
  /** Called after every pass. */
  readonly onProgress?: (progress: CollectionProgress) => void;
  /** Stops before the next pass; the collection then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What its values must be. */
export const streamRules: OptionNames<StreamOptions> = {
  save: checkSelectors,
  positions: checkPositions,
  batchSize: checkPositiveInteger,
  dtype: oneOf("float32", "float16", "bfloat16"),
  interventions: checkInterventions,
  columns: checkColumns,
  onProgress: checkFunction,
  signal: checkSignal,
};

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkStreamOptions(of: string, options: StreamOptions): void {
  checkOptions<StreamOptions>(of, options, streamRules);
  checkSelectors("save", options.save); // the only one that cannot be left out
}
