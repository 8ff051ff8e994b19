/** What activation patching answers: for each kind the metric of every patched run, and its effect between the baselines. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";
import type { PatchPart } from "../patching/kinds.js";
import type { WorkRow } from "../patching/work.js";

/**
 * - `denoising`: clean activations into the corrupted run; finds what is enough to restore the answer
 * - `noising`: corrupted activations, or what else takes their place, into the clean run; finds what the answer cannot do without
 */
export type PatchDirection = "denoising" | "noising";

type ByPosition = Grid<"layer" | "position">;
type ByHead = Grid<"layer" | "head" | "position">;
type ByNeuron = Grid<"layer" | "neuron" | "position">;
type ByExpert = Grid<"layer" | "expert" | "position">;
/** Where heads share keys and values, their axis is `kvHead`. */
type ByKeyHead = ByHead | Grid<"layer" | "kvHead" | "position">;

interface GridsByKind {
  readonly residual: ByPosition;
  readonly residualMid: ByPosition;
  readonly attention: ByPosition;
  readonly mixer: ByPosition;
  readonly mlp: ByPosition;
  readonly head: ByHead;
  readonly query: ByHead;
  readonly key: ByKeyHead;
  readonly value: ByKeyHead;
  readonly pattern: ByHead;
  readonly neuron: ByNeuron;
  readonly expert: ByExpert;
}

/**
 * `position` is `"all"` where all are patched at once. Effects are 0 for the corrupted and 1 for the clean run; other
 * values are possible. The mean over pairs; `…ByPair` has the metric of each, with an axis `pair` before the others. `…Next` is the
 * id of the token that is likeliest after each patched run, laid out as `…ByPair`; there is none where a cell is the mean of several runs.
 */
export type PatchingGrids = { readonly [K in PatchPart]?: GridsByKind[K] } & {
  readonly [K in PatchPart as `${K}Metric`]?: GridsByKind[K];
} & {
  readonly [K in PatchPart as `${K}ByPair` | `${K}Next` | `${K}NextProbability`]?: Grid;
};

/** The metric without any patch. */
export type PatchBaseline = {
  readonly clean: number;
  readonly corrupted: number;
};

export type PatchingTables = {
  readonly baselines: Table<{ readonly pair: number; readonly metric: string } & PatchBaseline>;
  /** The likeliest token after each prompt as it is. */
  readonly said: Table<{
    readonly pair: number;
    readonly prompt: string;
    readonly id: number;
    readonly probability: number;
  }>;
  /** The texts of all tokens that are said. */
  readonly tokens: Table<{ readonly id: number; readonly text: string }>;
  /** What was computed of it, and what was not. */
  readonly work: Table<WorkRow>;
};

export type PatchingResult = Result<"patch", PatchingGrids, PatchingTables>;

/** Where in a layer a column of a matrix patches; null means everywhere. */
export interface PatchColumn {
  readonly position: number | null;
  /** A head, a neuron or an expert. */
  readonly unit: number | null;
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

/** What it has at run time. */
export const patchingShape: ResultShape<PatchingResult> = {
  method: "patch",
  grids: {},
  tables: {
    baselines: { pair: "number", metric: "text", clean: "number", corrupted: "number" },
    said: { pair: "number", prompt: "text", id: "number", probability: "number" },
    tokens: { id: "number", text: "text" },
    work: { runs: "number", merged: "number", passes: "number", saved: "number" },
  },
};
