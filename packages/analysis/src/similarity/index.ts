/** What the room of similarity offers. */
export {
  type LayerSimilarityOptions,
  type LayerSimilarityResult,
  layerSimilarity,
} from "./layer-similarity.js";
export {
  type CanonicalCorrelations,
  linearCka,
  procrustesSimilarity,
  svcca,
} from "./measures.js";
