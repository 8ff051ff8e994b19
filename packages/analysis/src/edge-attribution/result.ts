/** What edge attribution answers: a score for every edge between components. */
import type { Result, ResultShape, Table } from "@mlxterp/results";

/** Between a component that writes and one that reads; positive where the clean answer needs it. */
export type EdgeRow = {
  /** `input`, `a3.h1` (head 1 of layer 3) or `m3` (its MLP). */
  readonly source: string;
  /** `a3.h1<q>`, `<k>` or `<v>`, `m3` or `logits`; `a3.kv0<k>` for heads that share keys. */
  readonly destination: string;
  /** In the unit of the metric: how much it falls when the edge carries what the corrupted prompt wrote, or an estimate of it. */
  readonly score: number;
  /** Of several pairs: the mean less and plus 1.96 standard errors. */
  readonly low?: number;
  readonly high?: number;
};

/** The metric of a pair without any change. */
export type EdgeBaseline = {
  readonly pair: number;
  readonly metric: string;
  readonly clean: number;
  readonly corrupted: number;
};

export type EdgeTables = {
  /** All edges, the strongest first. */
  readonly edges: Table<EdgeRow>;
  readonly baselines: Table<EdgeBaseline>;
};

export type EdgeResult = Result<"edges", Record<never, never>, EdgeTables>;

/** The columns of edges and of what runs score, which circuits have as well. */
export const edgeTables = {
  edges: {
    source: "text",
    destination: "text",
    score: "number",
    low: ["number", "absent"],
    high: ["number", "absent"],
  },
  baselines: { pair: "number", metric: "text", clean: "number", corrupted: "number" },
} as const;

/** What it has at run time. */
export const edgeShape: ResultShape<EdgeResult> = {
  method: "edges",
  grids: {},
  tables: edgeTables,
};
