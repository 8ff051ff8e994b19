/** Runs in which activations are exchanged: what is changed where, and what for. */
import type { MxArray } from "@mlxterp/mlx";
import type { Part } from "./parts.js";

/** What some runs had at a site: (runs, …), or one value for all. */
export type Activations = (site: string) => MxArray;

/** One exchange. */
export interface Change {
  readonly part: Part;
  readonly layer: number;
  /** Null means all. */
  readonly positions: readonly number[] | null;
  /** Heads, neurons or experts, of a part that has some. Null means all. */
  readonly units: readonly number[] | null;
  /** Where the new value is from: the number of a source, and which of its runs. */
  readonly source: number;
  readonly row: number;
}

/** A run with all its changes made together. */
export interface PatchedRun {
  /** Which of the unchanged runs it begins as. */
  readonly base: number;
  readonly changes: readonly Change[];
  /** The first layer that is run for it. Default: the first that it changes. */
  readonly begins?: number;
}

/** Where values come from. */
export interface Source {
  readonly at: Activations;
  /** Whether it is the unchanged runs themselves, of which some changes keep something as it was. */
  readonly isBase?: boolean;
  /**
   * How many positions, from the first, are as in an unchanged run, so that an exchange of them changes nothing. Default: none.
   */
  readonly sameBefore?: (row: number, base: number) => number;
}

/** The first layer of a run that is not another's too. */
export function startOf({ changes, begins }: PatchedRun): number {
  return begins ?? Math.min(...changes.map(({ layer }) => layer));
}
