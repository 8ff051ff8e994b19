/** What attention patterns are: one grid, and the same head by head. */
import { type Grid, type Result, type ResultShape, readsResult } from "@mlxterp/results";

export type AttentionGrids = {
  /** The weight of each key for each query. */
  readonly pattern: Grid<"layer" | "head" | "query" | "key">;
};

export type AttentionResult = Result<"attention", AttentionGrids, Record<never, never>>;

/** What it has at run time. */
export const attentionShape: ResultShape<AttentionResult> = {
  method: "attention",
  grids: {
    pattern: ["layer", "head", "query", "key"],
  },
  tables: {},
};

/** One head's pattern on one prompt. */
export interface HeadPattern {
  readonly layer: number;
  readonly head: number;
  /** (query, key), row by row: the weight of key k for query q is at `q · tokens + k`. */
  readonly weights: Float32Array;
}

/**
 * The patterns layer by layer, and within it head by head.
 *
 * @example
 * const [{ weights }] = headPatterns(await attentionPatterns(model, "Mary and John"));
 */
export const headPatterns = readsResult(
  attentionShape,
  ({ grids: { pattern } }: AttentionResult): HeadPattern[] => {
    const { layer: layers, head: heads, query } = pattern.labels;
    const size = query.length ** 2;
    return layers.flatMap((layer, row) =>
      heads.map((head, column) => {
        const start = (row * heads.length + column) * size;
        const weights = pattern.values.slice(start, start + size) as Float32Array;
        return { layer: Number(layer), head: Number(head), weights };
      }),
    );
  },
);

/** Whether no query sees a later key, as in a decoder; an encoder looks both ways. */
export function isCausal({ grids: { pattern } }: AttentionResult): boolean {
  const size = pattern.labels.query.length;
  return pattern.values.every((weight, index) => {
    const key = index % size;
    const query = Math.floor(index / size) % size;
    return key <= query || weight === 0;
  });
}
