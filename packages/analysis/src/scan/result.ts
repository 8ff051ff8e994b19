/** What a scan answers: findings, each with its interval and what chance would give. */
import type { Result, ResultShape, Table } from "@mlxterp/results";

export type Finding = {
  /** Causes come first (patching, ablation), then what is written or read. */
  readonly rank: number;
  /** In words: "head 3.0 restores the answer's lead". */
  readonly finding: string;
  /** The method that says so, as the command names it. */
  readonly method: string;
  /** `head 3.0`, `MLP 2`, `layer 4`, or what it is about. */
  readonly where: string;
  readonly value: number;
  /** 95 % over pairs, drawn again; null for a single pair, and where it is not about pairs. */
  readonly low: number | null;
  readonly high: number | null;
  /** The same of something random, the largest of several; null where nothing random could stand there. */
  readonly null: number | null;
  readonly unit: string;
};

export type ScanTables = {
  readonly findings: Table<Finding>;
  /** What was looked at, in order, and what the time was too short for. */
  readonly steps: Table<{ readonly step: string; readonly looked: boolean }>;
};

export type ScanResult = Result<"scan", Record<never, never>, ScanTables>;

/** What it has at run time. */
export const scanShape: ResultShape<ScanResult> = {
  method: "scan",
  grids: {},
  tables: {
    findings: {
      rank: "number",
      finding: "text",
      method: "text",
      where: "text",
      value: "number",
      low: ["number", "null"],
      high: ["number", "null"],
      null: ["number", "null"],
      unit: "text",
    },
    steps: { step: "text", looked: "flag" },
  },
};
