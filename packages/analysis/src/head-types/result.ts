/** What head types are: a score for each head and type, and the type that each head has. */
import type { Grid, Result, Table } from "@mlxterp/results";
import { type HeadKind, headKinds } from "./head-kinds.js";

export type HeadTypesGrids = {
  /** The share of attention on the targets of each type: 0 never, 1 all. */
  readonly score: Grid<"layer" | "head" | "type">;
};

export type HeadTypesTables = {
  /** The type with the highest score, if that reaches the threshold. */
  readonly heads: Table<{
    readonly layer: number;
    readonly head: number;
    readonly type: HeadKind | null;
  }>;
};

export type HeadTypesResult = Result<"heads", HeadTypesGrids, HeadTypesTables>;

/** One head and how much it looks where heads of each type do. */
export interface HeadScores {
  readonly layer: number;
  readonly head: number;
  readonly scores: Readonly<Record<HeadKind, number>>;
  readonly type: HeadKind | null;
}

/**
 * Layer by layer, and within it head by head.
 *
 * @example
 * headScores(await headTypes(model)).map(({ scores }) => scores.induction);
 */
export function headScores({ grids, tables }: HeadTypesResult): HeadScores[] {
  const count = headKinds.length;
  return tables.heads.rows.map((row, index) => {
    const entries = headKinds.map((kind, at) => [kind, grids.score.values[index * count + at]]);
    return { ...row, scores: Object.fromEntries(entries) };
  });
}
