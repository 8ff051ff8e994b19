/** What probes answer. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type Cells = Grid<"layer" | "position">;

/** `position` is the token or, where positions are pooled, the word for how. */
export type ProbeGrids = {
  /** Share of held-out prompts that are told right, with the interval over pairs; NaN where nothing could be held out. */
  readonly accuracy: Cells;
  /** Area under the curve on held-out prompts: 0.5 is chance. */
  readonly auroc: Cells;
  /** Share of the prompts that it was fitted to. */
  readonly train: Cells;
  /** Held-out accuracy on control tasks, the mean. */
  readonly control: Cells;
  /** `accuracy` less `control`: what is not the probe's own doing. */
  readonly selectivity: Cells;
  /** Held-out accuracy with a text before each prompt, where that was asked. */
  readonly longer?: Cells;
};

export type ProbeTables = {
  readonly best: Table<{
    readonly layer: number;
    readonly position: string;
    readonly accuracy: number;
    readonly control: number;
  }>;
};

export type ProbeResult = Result<"probe", ProbeGrids, ProbeTables>;

/** What it has at run time. */
export const probeShape: ResultShape<ProbeResult> = {
  method: "probe",
  grids: {
    accuracy: ["layer", "position"],
    auroc: ["layer", "position"],
    train: ["layer", "position"],
    control: ["layer", "position"],
    selectivity: ["layer", "position"],
  },
  tables: {
    best: { layer: "number", position: "text", accuracy: "number", control: "number" },
  },
};
