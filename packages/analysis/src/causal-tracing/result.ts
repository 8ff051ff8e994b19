/** What causal tracing answers: how much of what a prompt knows each state brings back by itself. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";
import type { WorkRow } from "../patching/work.js";

type ByToken = Grid<"layer" | "token">;

/** `…` is 0 as with the noise, 1 as without; `…Metric` the metric itself, its mean over draws of the noise with the 95 % interval of that. */
export type TracingGrids = {
  readonly residual?: ByToken;
  readonly residualMetric?: ByToken;
  readonly mlp?: ByToken;
  readonly mlpMetric?: ByToken;
  readonly attention?: ByToken;
  readonly attentionMetric?: ByToken;
  readonly mixer?: ByToken;
  readonly mixerMetric?: ByToken;
};

export type TracingTables = {
  readonly baselines: Table<{
    readonly metric: string;
    readonly clean: number;
    /** The mean over draws. */
    readonly noised: number;
    /** The standard deviation of what is added to the subject's embeddings. */
    readonly deviation: number;
  }>;
  readonly work: Table<WorkRow>;
};

export type TracingResult = Result<"causal", TracingGrids, TracingTables>;

/** What it has at run time. */
export const tracingShape: ResultShape<TracingResult> = {
  method: "causal",
  grids: {},
  tables: {
    baselines: { metric: "text", clean: "number", noised: "number", deviation: "number" },
    work: { runs: "number", merged: "number", passes: "number", saved: "number" },
  },
};
