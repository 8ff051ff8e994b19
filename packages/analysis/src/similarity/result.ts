/** How alike layers are. */
import type { Grid, Result, ResultShape } from "@mlxterp/results";

type Layers = Grid<"layer" | "otherLayer">;

export type SimilarityGrids = {
  /** From 0, nothing in common, to 1, the same but for rotations and scalings. */
  readonly similarity: Layers;
  /** The same where the other's tokens stand in another order: what so few tokens give to representations that have nothing in common. */
  readonly chance?: Layers;
};

export type LayerSimilarityResult = Result<"similarity", SimilarityGrids, Record<never, never>>;

/** What it has at run time. */
export const layerSimilarityShape: ResultShape<LayerSimilarityResult> = {
  method: "similarity",
  grids: {
    similarity: ["layer", "otherLayer"],
  },
  tables: {},
};
