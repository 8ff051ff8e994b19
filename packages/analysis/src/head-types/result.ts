/** What head types are: a score for each head and type, and the type that each head has. */
import {
  type Grid,
  labelText,
  type Result,
  type ResultShape,
  readsResult,
  type Table,
} from "@mlxterp/results";

export type HeadTypesGrids = {
  /** The share of attention on the targets of each type: 0 never, 1 all. */
  readonly score: Grid<"layer" | "head" | "type">;
  /** What a head that looks everywhere alike would score. */
  readonly uniform: Grid<"type">;
  /** The highest score of any head when the tokens that say where the targets are get shuffled; NaN for kinds that do not look at tokens. */
  readonly shuffled: Grid<"type">;
};

export type HeadTypesTables = {
  /** The type with the highest score, if that reaches the threshold and what shuffled tokens score. */
  readonly heads: Table<{
    readonly layer: number;
    readonly head: number;
    readonly type: string | null;
  }>;
};

export type HeadTypesResult = Result<"heads", HeadTypesGrids, HeadTypesTables>;

/** What it has at run time. */
export const headTypesShape: ResultShape<HeadTypesResult> = {
  method: "heads",
  grids: {
    score: ["layer", "head", "type"],
    uniform: ["type"],
    shuffled: ["type"],
  },
  tables: {
    heads: { layer: "number", head: "number", type: ["text", "null"] },
  },
};

/** One head and how much it looks where heads of each type do. */
export interface HeadScores {
  readonly layer: number;
  readonly head: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly type: string | null;
}

/**
 * Layer by layer, and within it head by head.
 *
 * @example
 * headScores(await headTypes(model)).map(({ scores }) => scores.induction);
 */
export const headScores = readsResult(
  headTypesShape,
  ({ grids, tables }: HeadTypesResult): HeadScores[] => {
    const kinds = grids.score.labels.type.map(labelText);
    const count = kinds.length;
    return tables.heads.rows.map((row, index) => {
      const entries = kinds.map((kind, at) => [kind, grids.score.values[index * count + at]]);
      return { ...row, scores: Object.fromEntries(entries) };
    });
  },
);
