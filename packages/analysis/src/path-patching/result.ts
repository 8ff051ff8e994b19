/** What path patching answers: how much each head matters to the receivers by way of what they read of it. */
import type { Grid, Result, Table } from "@mlxterp/results";
import type { EdgeBaseline } from "../edge-attribution/result.js";

export type PathGrids = {
  /** 0 nothing lost, 1 as bad as the corrupted prompt; the mean over pairs. */
  readonly effect: Grid<"layer" | "head">;
  /** The metric itself. */
  readonly metric: Grid<"layer" | "head">;
  readonly metricByPair: Grid<"pair" | "layer" | "head">;
};

export type PathTables = { readonly baselines: Table<EdgeBaseline> };

export type PathResult = Result<"path", PathGrids, PathTables>;
