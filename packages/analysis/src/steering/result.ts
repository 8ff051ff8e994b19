/** What a sweep of steering answers. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type Cells = Grid<"layer" | "strength">;

export type SteerGrids = {
  /** Mean log probability of the answer, less that of the wrong answer where there is one, on steered prompts. */
  readonly effect: Cells;
  /** What steering costs: nats a token on texts, above the model as it is. */
  readonly cost: Cells;
  /** The same with directions at random of the same length; NaN without any. */
  readonly nullEffect: Cells;
  readonly nullCost: Cells;
};

export type SteerTables = {
  /** Without steering, and with the instruction before the prompts. */
  readonly baselines: Table<{ readonly what: string; readonly effect: number }>;
  /** The strongest effect whose cost is not too high; none where there is no such. */
  readonly best: Table<{
    readonly layer: number;
    readonly strength: number;
    readonly effect: number;
    readonly cost: number;
    readonly nullEffect: number;
  }>;
};

export type SteerResult = Result<"steer", SteerGrids, SteerTables>;

/** What it has at run time. */
export const steerShape: ResultShape<SteerResult> = {
  method: "steer",
  grids: {
    effect: ["layer", "strength"],
    cost: ["layer", "strength"],
    nullEffect: ["layer", "strength"],
    nullCost: ["layer", "strength"],
  },
  tables: {
    baselines: { what: "text", effect: "number" },
    best: {
      layer: "number",
      strength: "number",
      effect: "number",
      cost: "number",
      nullEffect: "number",
    },
  },
};
