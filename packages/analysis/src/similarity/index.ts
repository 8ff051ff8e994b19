/** What the room of similarity offers. */
export { layerSimilarity } from "./layer-similarity.js";
export {
  type CanonicalCorrelations,
  linearCka,
  procrustesSimilarity,
  svcca,
} from "./measures.js";
export { similarityMethod } from "./method.js";
export type { LayerSimilarityOptions } from "./options.js";
export type { LayerSimilarityResult, SimilarityGrids } from "./result.js";
export {
  type SimilarityStore,
  type StoreSimilarity,
  type StoreSimilarityOptions,
  storeSimilarity,
} from "./store-similarity.js";
export { similarityGrid } from "./view.js";
