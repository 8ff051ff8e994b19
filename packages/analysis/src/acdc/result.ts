/** What ACDC answers: the edges that it could not leave out. */
import type { Result, ResultShape, Table } from "@mlxterp/results";
import { type EdgeBaseline, type EdgeRow, edgeTables } from "../edge-attribution/result.js";

export type AcdcTables = {
  /** The edges that are left and on a path; `score` is what leaving each out would have cost when it was tried. */
  readonly edges: Table<EdgeRow>;
  readonly summary: Table<{
    readonly threshold: number;
    readonly metric: string;
    readonly allEdges: number;
    /** Left, and of them on a path from the input to the logits. */
    readonly edges: number;
    readonly onPaths: number;
    /** The cost of the whole circuit: its divergence, or what it has less of than the clean run. */
    readonly cost: number;
    /** Passes that it took; one edge at a time takes one for each edge. */
    readonly passes: number;
  }>;
  readonly baselines: Table<EdgeBaseline>;
};

export type AcdcResult = Result<"acdc", Record<never, never>, AcdcTables>;

/** What it has at run time. */
export const acdcShape: ResultShape<AcdcResult> = {
  method: "acdc",
  grids: {},
  tables: {
    ...edgeTables,
    summary: {
      threshold: "number",
      metric: "text",
      allEdges: "number",
      edges: "number",
      onPaths: "number",
      cost: "number",
      passes: "number",
    },
  },
};
