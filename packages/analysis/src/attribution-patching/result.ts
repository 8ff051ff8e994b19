/** What attribution patching answers: an estimate of what each patch would do. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";
import type { EdgeBaseline } from "../edge-attribution/result.js";

type ByPosition = Grid<"layer" | "position">;
type ByHead = Grid<"layer" | "head" | "position">;

/**
 * Estimated effects on the scale of activation patching: how far the metric would move from the run that is patched (0) to the
 * other (1). `position` is `"all"` where all are patched at once. The mean over pairs, with 1.96 standard errors; `…ByPair` in the metric's unit.
 */
export type AttributionPatchingGrids = {
  readonly residual?: ByPosition;
  readonly residualByPair?: Grid<"pair" | "layer" | "position">;
  readonly attention?: ByPosition;
  readonly attentionByPair?: Grid<"pair" | "layer" | "position">;
  /** Of layers that keep a state. */
  readonly mixer?: ByPosition;
  readonly mixerByPair?: Grid<"pair" | "layer" | "position">;
  readonly mlp?: ByPosition;
  readonly mlpByPair?: Grid<"pair" | "layer" | "position">;
  readonly head?: ByHead;
  readonly headByPair?: Grid<"pair" | "layer" | "head" | "position">;
  readonly query?: ByHead;
  readonly queryByPair?: Grid<"pair" | "layer" | "head" | "position">;
  /** Of heads that share keys, one. */
  readonly key?: ByHead;
  readonly keyByPair?: Grid<"pair" | "layer" | "head" | "position">;
  readonly value?: ByHead;
  readonly valueByPair?: Grid<"pair" | "layer" | "head" | "position">;
};

export type AttributionPatchingTables = { readonly baselines: Table<EdgeBaseline> };

export type AttributionPatchingResult = Result<
  "atp",
  AttributionPatchingGrids,
  AttributionPatchingTables
>;

/** What it has at run time. */
export const attributionPatchingShape: ResultShape<AttributionPatchingResult> = {
  method: "atp",
  grids: {},
  tables: {
    baselines: { pair: "number", metric: "text", clean: "number", corrupted: "number" },
  },
};
