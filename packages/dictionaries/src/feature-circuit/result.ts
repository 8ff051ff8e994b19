/** What a feature circuit is. */
import type { Result, ResultShape, Table } from "@mlxterp/results";

/** A feature, or what a dictionary gets wrong, at one position. */
export type CircuitNode = {
  readonly id: string;
  /** Where the dictionary stands. */
  readonly site: string;
  readonly position: number;
  readonly token: string;
  /** null for errors. */
  readonly feature: number | null;
  /** null for errors. */
  readonly activation: number | null;
  /** By how much the answer would lose without it, estimated, in nats. */
  readonly effect: number;
};

/** How much of a later node's effect comes directly from an earlier one, in nats. */
export type CircuitEdge = {
  readonly source: string;
  readonly target: string;
  readonly weight: number;
};

export type CircuitScores = {
  readonly answer: string;
  /** The answer's log-probability with everything, with the circuit alone, and with none of the nodes. */
  readonly whole: number;
  readonly circuit: number;
  readonly nothing: number;
  /** (circuit − nothing) / (whole − nothing); null where the nodes change nothing, as where there are none. */
  readonly faithfulness: number | null;
  /** The same of random circuits of the same size; null where none were asked for, too. */
  readonly byChance: number | null;
  /** Features and errors that could have been chosen. */
  readonly candidates: number;
};

export type FeatureCircuitResult = Result<
  "feature-circuit",
  Record<never, never>,
  {
    readonly nodes: Table<CircuitNode>;
    readonly edges: Table<CircuitEdge>;
    readonly scores: Table<CircuitScores>;
  }
>;

/** What it has at run time. */
export const featureCircuitShape: ResultShape<FeatureCircuitResult> = {
  method: "feature-circuit",
  grids: {},
  tables: {
    nodes: {
      id: "text",
      site: "text",
      position: "number",
      token: "text",
      feature: ["number", "null"],
      activation: ["number", "null"],
      effect: "number",
    },
    edges: { source: "text", target: "text", weight: "number" },
    scores: {
      answer: "text",
      whole: "number",
      circuit: "number",
      nothing: "number",
      faithfulness: ["number", "null"],
      byChance: ["number", "null"],
      candidates: "number",
    },
  },
};
