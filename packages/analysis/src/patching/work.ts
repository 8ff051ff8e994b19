/** How much of a sweep was done, and how much of it was saved. */
import { createTable, type Table } from "@mlxterp/results";
import type { Portion } from "./portions.js";
import { type PatchedRun, startOf } from "./runs.js";

/** Counted over all sweeps of a request. */
export interface PatchWork {
  asked: number;
  made: number;
  passes: number;
  /** Layers of all runs that were computed, of each as much as of its positions were. */
  layers: number;
  /** Layers of all runs, each from the tokens on. */
  all: number;
}

export type WorkRow = {
  /** Patched runs that were asked for. */
  readonly runs: number;
  /** Those that equal another, or change nothing. */
  readonly merged: number;
  readonly passes: number;
  /** Share of the layers and positions of all runs, each by itself, that were not computed. */
  readonly saved: number;
};

export function noWork(): PatchWork {
  return { asked: 0, made: 0, passes: 0, layers: 0, all: 0 };
}

interface Swept {
  readonly layers: number;
  readonly asked: number;
  /** Positions of a run. */
  readonly length: number;
  readonly runs: readonly PatchedRun[];
  readonly portions: readonly Portion[];
  readonly maxRows: number;
}

export function addWork(
  work: PatchWork,
  { layers, length, asked, runs, portions, maxRows }: Swept,
): void {
  work.asked += asked;
  work.made += runs.length;
  for (const { from, runs: own } of portions) {
    const begun = own.reduce((sum, run) => sum + layers - startOf(runs[run]), 0);
    work.passes += Math.ceil(own.length / maxRows);
    work.layers += begun * (1 - from / length);
  }
  work.all += asked * layers;
}

export function workTable({ asked, made, passes, layers, all }: PatchWork): Table<WorkRow> {
  const saved = all === 0 ? 0 : 1 - layers / all;
  const row = { runs: asked, merged: asked - made, passes, saved };
  return createTable(["runs", "merged", "passes", "saved"], [row]);
}
