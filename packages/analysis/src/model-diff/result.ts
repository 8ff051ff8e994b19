/** How two models differ on a prompt. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

export type ModelDiffGrids = {
  /** KL(model ‖ other) of the next token, in nats. */
  readonly divergence: Grid<"position">;
  /** ‖other − model‖ / ‖model‖ of the residual stream; where both have the same shape. */
  readonly residual?: Grid<"layer" | "position">;
  /** The same of what each head mixes (`z`), the mean over positions. */
  readonly head?: Grid<"layer" | "head">;
  /** The same where every layer of the other gets this model's stream: 0 for what is the same in both. Of the embedding, and after each layer. */
  readonly ownLayer?: Grid<"layer">;
  /** Of what each head mixes of that. */
  readonly ownHead?: Grid<"layer" | "head">;
  /**
   * What is left of the divergence at the last position when the other model gets this model's stream after a layer; `"none"` is without.
   */
  readonly patched?: Grid<"layer">;
};

export type ModelDiffTables = {
  /** The tokens whose probability at the end changes most. */
  readonly tokens: Table<{
    readonly id: number;
    readonly text: string;
    readonly model: number;
    readonly other: number;
  }>;
};

export type ModelDiffResult = Result<"diff", ModelDiffGrids, ModelDiffTables>;

/** What it has at run time. */
export const modelDiffShape: ResultShape<ModelDiffResult> = {
  method: "diff",
  grids: {
    divergence: ["position"],
  },
  tables: {
    tokens: { id: "number", text: "text", model: "number", other: "number" },
  },
};
