/** What erasure answers. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type ByLayer = Grid<"layer">;

export type ErasureGrids = {
  /** Share of held-out prompts that a logistic probe tells apart, with the interval over pairs; NaN where nothing could be held out. */
  readonly before: ByLayer;
  /** The same after erasure, with eraser and probe fitted to the other pairs. */
  readonly after: ByLayer;
  /** The same after directions at random were projected out; the mean. */
  readonly random: ByLayer;
  /** What a probe can do in the last layer when this was erased here at all positions: what comes back by other ways. */
  readonly later: ByLayer;
  /** What erasure moves: the mean squared distance, as a share of the variance there. */
  readonly moved: ByLayer;
  /** KL(as it is ‖ erased) of the next token in nats, the mean over prompts. */
  readonly cost: ByLayer;
  readonly randomCost: ByLayer;
};

export type ErasureTables = {
  /** What the method promises, checked on the rows that it was fitted to. */
  readonly guarantee: Table<{
    readonly layer: number;
    /** The largest covariance of label and activation that is left, as a share of the largest before. */
    readonly left: number;
    /** What the best linear reader of these rows gains over a constant, in nats: before and after. */
    readonly gainBefore: number;
    readonly gainAfter: number;
  }>;
};

export type ErasureResult = Result<"erase", ErasureGrids, ErasureTables>;

/** What it has at run time. */
export const erasureShape: ResultShape<ErasureResult> = {
  method: "erase",
  grids: {
    before: ["layer"],
    after: ["layer"],
    random: ["layer"],
    later: ["layer"],
    moved: ["layer"],
    cost: ["layer"],
    randomCost: ["layer"],
  },
  tables: {
    guarantee: { layer: "number", left: "number", gainBefore: "number", gainAfter: "number" },
  },
};
