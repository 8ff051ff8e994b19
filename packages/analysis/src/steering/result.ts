/** What a sweep of steering answers. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type Cells = Grid<"layer" | "strength">;

export type SteerGrids = {
  /** Mean log probability of the answer, less that of the wrong answer where there is one, on steered prompts; with an interval over them. */
  readonly effect: Cells;
  /** What steering costs: nats a token on texts, above the model as it is. */
  readonly cost: Cells;
  /** The same with directions at random of the same length, with the least and the most of them; NaN without any. */
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
    /** The mean of directions at random, and the most that one of them does. */
    readonly nullEffect: number;
    readonly nullHigh: number;
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
      nullHigh: "number",
    },
  },
};
