/** What a tuned lens answers. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

export type TunedLensGrids = {
  /** KL(final ‖ lens) in nats, the mean over held-out prompts, with the interval over them. */
  readonly divergence: Grid<"lens" | "layer">;
  /** The same of what each step trained on, before its update; where something was trained. */
  readonly loss?: Grid<"step" | "layer">;
};

export type TunedLensTables = {
  readonly layers: Table<{
    /** `embedding`, or the number of the layer after which is read. */
    readonly layer: string;
    readonly logitLens: number;
    readonly tunedLens: number;
    /** Held-out prompts on which the tuned lens is nearer, as a share. */
    readonly nearer: number;
  }>;
  readonly prompts: Table<{ readonly trained: number; readonly heldOut: number }>;
};

export type TunedLensResult = Result<"tuned-lens", TunedLensGrids, TunedLensTables>;

/** What it has at run time. */
export const tunedLensShape: ResultShape<TunedLensResult> = {
  method: "tuned-lens",
  grids: {
    divergence: ["lens", "layer"],
  },
  tables: {
    layers: { layer: "text", logitLens: "number", tunedLens: "number", nearer: "number" },
    prompts: { trained: "number", heldOut: "number" },
  },
};
