/** What path patching answers: how much each head matters to the receivers by way of what they read of it. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";
import type { EdgeBaseline } from "../edge-attribution/result.js";

/** What senders are told apart by: each head by itself, or sets of them by their names. */
export type SenderAxes = "layer" | "head" | "senders";

export type PathGrids<A extends SenderAxes = "layer" | "head"> = {
  /** 0 nothing lost, 1 as bad as the corrupted prompt; the mean over pairs. */
  readonly effect: Grid<A>;
  /** The metric itself. */
  readonly metric: Grid<A>;
  readonly metricByPair: Grid<"pair" | A>;
};

export type PathTables = { readonly baselines: Table<EdgeBaseline> };

/** With senders that were named, of the axis `senders`. */
export type PathResult<A extends SenderAxes = "layer" | "head"> = Result<
  "path",
  PathGrids<A>,
  PathTables
>;

/** With senders of either kind. */
export type AnyPathResult = PathResult | PathResult<"senders">;

/** What it has at run time; its axes depend on how senders were named. */
export const pathShape = {
  method: "path",
  grids: {},
  tables: {
    baselines: { pair: "number", metric: "text", clean: "number", corrupted: "number" },
  },
} as unknown as ResultShape<AnyPathResult>;
