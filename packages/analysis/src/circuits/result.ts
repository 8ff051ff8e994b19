/** What a circuit is: its edges, and what is left of the answer with nothing but them. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";
import { type EdgeBaseline, type EdgeRow, edgeTables } from "../edge-attribution/result.js";

/** What circuits of one size keep of the difference between the clean and the corrupted prompt. */
export type CircuitSize = {
  /** Of all edges. */
  readonly fraction: number;
  readonly edges: number;
  /** Those of them that are on a path from the input to the logits. */
  readonly onPaths: number;
  /** The metric with every other edge ablated, on a scale from the run with all of them ablated (0) to the clean run (1). */
  readonly faithfulness: number;
  /** The same with these edges corrupted, and no other: 0 where nothing else could do it. */
  readonly without: number;
  /** Faithfulness of random circuits of the same size: mean, and the best of them. */
  readonly randomMean?: number;
  readonly randomMost?: number;
};

/** What the circuit loses with one of its edges. */
export type NeededEdge = {
  readonly source: string;
  readonly destination: string;
  /** Faithfulness of the circuit less that without this edge; near 0 or below where it could go. */
  readonly loss: number;
};

/** One part of the circuit, left out of it and of the whole model. */
export type LeftOut = {
  readonly edges: number;
  /** Faithfulness of the circuit without it, and of the model without it. */
  readonly circuit: number;
  readonly model: number;
  /** How far the two are apart: 0 where the circuit has all that the model has. */
  readonly gap: number;
};

export type CircuitTables = {
  readonly sizes: Table<CircuitSize>;
  /** The circuit: its edges, the strongest first. */
  readonly edges: Table<EdgeRow>;
  readonly minimality: Table<NeededEdge>;
  readonly completeness: Table<LeftOut>;
  readonly summary: Table<{
    /** Areas over the shares of edges; see `circuitAreas`. */
    readonly cpr: number;
    readonly cmd: number;
    readonly allEdges: number;
  }>;
  readonly baselines: Table<EdgeBaseline>;
};

export type CircuitGrids = {
  /** By size and pair. */
  readonly faithfulness: Grid<"fraction" | "pair">;
};

export type CircuitResult = Result<"circuit", CircuitGrids, CircuitTables>;

/** What it has at run time. */
export const circuitShape: ResultShape<CircuitResult> = {
  method: "circuit",
  grids: {
    faithfulness: ["fraction", "pair"],
  },
  tables: {
    ...edgeTables,
    sizes: {
      fraction: "number",
      edges: "number",
      onPaths: "number",
      faithfulness: "number",
      without: "number",
      randomMean: ["number", "absent"],
      randomMost: ["number", "absent"],
    },
    minimality: { source: "text", destination: "text", loss: "number" },
    completeness: { edges: "number", circuit: "number", model: "number", gap: "number" },
    summary: { cpr: "number", cmd: "number", allEdges: "number" },
  },
};
