/** What token attribution answers: a number for each token of one prompt. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

export type TokenGrids = {
  /** In the unit of the metric: how much each token speaks for the answer. */
  readonly attribution: Grid<"token">;
};

export type TokenTables = {
  /** Whether the numbers add up to what there was to explain. */
  readonly completeness: Table<{
    readonly metric: string;
    /** At the prompt, and where the way begins. */
    readonly value: number;
    readonly baseline: number;
    /** The sum over tokens. */
    readonly total: number;
    /** Total less (value less baseline): what the numbers leave out or make up. */
    readonly gap: number;
  }>;
};

export type TokenResult = Result<"tokens", TokenGrids, TokenTables>;

/** What it has at run time. */
export const tokenShape: ResultShape<TokenResult> = {
  method: "tokens",
  grids: {
    attribution: ["token"],
  },
  tables: {
    completeness: {
      metric: "text",
      value: "number",
      baseline: "number",
      total: "number",
      gap: "number",
    },
  },
};
