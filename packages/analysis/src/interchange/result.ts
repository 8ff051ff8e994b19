/** What interchange interventions answer. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type Cells = Grid<"layer" | "position">;

/** Accuracies are shares of held-out pairs that end as the causal model says: the wrong answer above the answer. */
export type DasGrids = {
  /** With the learned subspace exchanged; with its interval over pairs. */
  readonly accuracy: Cells;
  /** With subspaces at random of the same size, the mean; NaN without any. */
  readonly random: Cells;
  /** With the whole activation exchanged: what no subspace can be expected to exceed. */
  readonly whole: Cells;
  /** On the pairs that it was learned from. */
  readonly train: Cells;
  /** How many dimensions are exchanged: `size`, or what was learned. */
  readonly dimensions: Cells;
};

export type DasTables = {
  /** With nothing exchanged. */
  readonly untouched: Table<{
    readonly pairs: string;
    readonly count: number;
    readonly accuracy: number;
  }>;
};

export type DasResult = Result<"das", DasGrids, DasTables>;

/** What it has at run time. */
export const dasShape: ResultShape<DasResult> = {
  method: "das",
  grids: {
    accuracy: ["layer", "position"],
    random: ["layer", "position"],
    whole: ["layer", "position"],
    train: ["layer", "position"],
    dimensions: ["layer", "position"],
  },
  tables: {
    untouched: { pairs: "text", count: "number", accuracy: "number" },
  },
};
