/** What effective attention is: one grid. */
import type { Grid, Result } from "@mlxterp/results";

export type EffectiveAttentionGrids = {
  /** The weight of each earlier input for what is read; not normalised, and it may be negative. */
  readonly pattern: Grid<"layer" | "head" | "query" | "key">;
};

export type EffectiveAttentionResult = Result<
  "effective-attention",
  EffectiveAttentionGrids,
  Record<never, never>
>;
