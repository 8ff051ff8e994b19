/** What head ablation answers: the metric of each prompt before and after. */
import type { Result, ResultShape, Table } from "@mlxterp/results";

/** What takes the place of a head's mix of values. */
export type AblationMethod = "mean" | "zero";

/** A head by its layer and its number in it; both may count from the end. */
export type HeadAddress = readonly [layer: number, head: number];

export type AblationTables = {
  /** The metric of each prompt with all heads and without those. */
  readonly scores: Table<{
    readonly prompt: number;
    readonly baseline: number;
    readonly ablated: number;
  }>;
  /** Means over prompts, and what the ablation changed, with its interval where there are several prompts. */
  readonly change: Table<{
    readonly metric: string;
    readonly baseline: number;
    readonly ablated: number;
    readonly value: number;
    readonly low: number | null;
    readonly high: number | null;
  }>;
};

export type AblationResult = Result<"ablate", Record<never, never>, AblationTables>;

/** What it has at run time. */
export const ablationShape: ResultShape<AblationResult> = {
  method: "ablate",
  grids: {},
  tables: {
    scores: { prompt: "number", baseline: "number", ablated: "number" },
    change: {
      metric: "text",
      baseline: "number",
      ablated: "number",
      value: "number",
      low: ["number", "null"],
      high: ["number", "null"],
    },
  },
};
