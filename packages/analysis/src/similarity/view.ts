/** Similarity of layers as blocks: layers × layers, and what chance gives. */
import {
  type Block,
  fedBlocks,
  formatCell,
  type GridBlock,
  labelText,
  noteBlocks,
  readsResult,
  rowsOf,
  text,
} from "@mlxterp/results";
import { type LayerSimilarityResult, layerSimilarityShape } from "./result.js";

export const similarityView = readsResult(
  layerSimilarityShape,
  (result: LayerSimilarityResult): Block[] => {
    const { chance } = result.grids;
    return [
      ...fedBlocks(result.fed),
      ...noteBlocks(result.notes),
      similarityGrid(result),
      ...(chance ? [text(`With the tokens in another order: ${formatCell(Math.max(...chance.values))} at most.`)] : []), // biome-ignore format: one choice
    ];
  },
);

/**
 * Layers × layers: how alike they are.
 *
 * @example
 * const prompts = ["Mary and John went to the park", "the capital of France is Paris"];
 * similarityGrid(await layerSimilarity(model, prompts)).kind; // "grid"
 */
export const similarityGrid = readsResult(
  layerSimilarityShape,
  ({ grids: { similarity } }: LayerSimilarityResult): GridBlock => {
    return {
      kind: "grid",
      title: "How alike the layers are",
      rowTitle: "after layer",
      columnTitle: "layer of the other",
      rows: similarity.labels.layer.map(labelText),
      columns: similarity.labels.otherLayer.map(labelText),
      values: rowsOf(similarity),
      scale: { kind: "sequential", domain: [0, 1] },
      legend: "likeness",
    };
  },
);
