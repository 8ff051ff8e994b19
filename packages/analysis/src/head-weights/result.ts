/** What heads' weights say. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type ByHead = Grid<"layer" | "head">;

export type HeadWeightsGrids = {
  /** Sum of the eigenvalues of W_E W_V W_O W_U over the sum of their sizes: 1 copies every token, −1 forbids it. */
  readonly copying: ByHead;
  /** The same of W_V W_O alone, without embeddings. */
  readonly keeping: ByHead;
  /** Share of tokens that are among the first `topK` of what the head writes about them. */
  readonly ownToken: ByHead;
  /** Share of tokens that are among the first `topK` keys that they attract as queries. */
  readonly matching: ByHead;
  /** Share of the succession whose next token is among the first `topK` that the head writes. */
  readonly successor?: ByHead;
  /** ‖L R‖ / (‖L‖ ‖R‖): how much of what an earlier head writes a later one reads, as query, key or value. */
  readonly composition: Grid<"kind" | "writer" | "reader">;
};

export type HeadWeightsTables = {
  /** What heads of random weights score: the mean, and the highest of all. */
  readonly chance: Table<{
    readonly score: string;
    readonly mean: number;
    readonly highest: number;
  }>;
  /** Of the heads in `directions`: what each singular direction reads, and what it writes. */
  readonly directions: Table<{
    readonly head: string;
    readonly index: number;
    /** Its share of the sum of squares. */
    readonly share: number;
    readonly reads: string;
    readonly writes: string;
  }>;
};

export type HeadWeightsResult = Result<"weights", HeadWeightsGrids, HeadWeightsTables>;

/** What it has at run time. */
export const headWeightsShape: ResultShape<HeadWeightsResult> = {
  method: "weights",
  grids: {
    copying: ["layer", "head"],
    keeping: ["layer", "head"],
    ownToken: ["layer", "head"],
    matching: ["layer", "head"],
    composition: ["kind", "writer", "reader"],
  },
  tables: {
    chance: { score: "text", mean: "number", highest: "number" },
    directions: { head: "text", index: "number", share: "number", reads: "text", writes: "text" },
  },
};
