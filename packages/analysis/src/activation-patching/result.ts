/** What activation patching answers: for each kind the metric of every patched run, and its effect between the baselines. */
import type { Grid, Result, Table } from "@mlxterp/results";

/**
 * - `residual`: the residual stream before a layer (`layers.i.input`)
 * - `attention`, `mlp`: what that part of a layer adds to it (`layers.i.selfAttn`, `layers.i.mlp`)
 * - `head`: one head's mix of values (`layers.i.selfAttn.z`)
 */
export type PatchKind = "residual" | "attention" | "mlp" | "head";

/**
 * - `denoising`: clean activations into the corrupted run; finds what is enough to restore the answer
 * - `noising`: corrupted activations into the clean run; finds what the answer cannot do without
 */
export type PatchDirection = "denoising" | "noising";

type ByPosition = Grid<"layer" | "position">;
type ByHead = Grid<"layer" | "head" | "position">;

/**
 * `position` is `"all"` where all are patched at once. Effects are 0 for the corrupted and 1 for the clean run; other
 * values are possible. The mean over pairs; `…ByPair` has the metric of each.
 */
export type PatchingGrids = {
  readonly residual?: ByPosition;
  readonly residualMetric?: ByPosition;
  readonly residualByPair?: Grid<"pair" | "layer" | "position">;
  readonly attention?: ByPosition;
  readonly attentionMetric?: ByPosition;
  readonly attentionByPair?: Grid<"pair" | "layer" | "position">;
  readonly mlp?: ByPosition;
  readonly mlpMetric?: ByPosition;
  readonly mlpByPair?: Grid<"pair" | "layer" | "position">;
  readonly head?: ByHead;
  readonly headMetric?: ByHead;
  readonly headByPair?: Grid<"pair" | "layer" | "head" | "position">;
};

/** The metric without any patch. */
export type PatchBaseline = {
  readonly clean: number;
  readonly corrupted: number;
};

export type PatchingTables = {
  readonly baselines: Table<{ readonly pair: number; readonly metric: string } & PatchBaseline>;
};

export type PatchingResult = Result<"patch", PatchingGrids, PatchingTables>;

/** Where in a layer a column of a matrix patches; null means everywhere. */
export interface PatchColumn {
  readonly position: number | null;
  readonly head: number | null;
}

/** A score for every layer and column. */
export type Matrix = readonly (readonly number[])[];

/** What patching did to the metric. */
export interface PatchEffect {
  /** The metric itself, [layer][column]. */
  readonly raw: Matrix;
  /** 0 is the corrupted run, 1 the clean run; other values are possible. */
  readonly normalized: Matrix;
}
