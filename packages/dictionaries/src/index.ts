/** The menu of @mlxterp/dictionaries. */
export * from "./attribution-graph/index.js";
export {
  type CodeScale,
  Crosscoder,
  type CrosscoderConfig,
  type CrosscoderSelection,
  type CrosscoderWeights,
} from "./crosscoder/crosscoder.js";
export * from "./crosscoder-diff/index.js";
export type {
  DictionaryConfig,
  FeatureActivation,
  InputNormalization,
} from "./dictionary/config.js";
export { Dictionary } from "./dictionary/dictionary.js";
export { firstFeatures, foldActivationNorm, foldDecoderNorm } from "./dictionary/fold.js";
export type { ContextWeights, DictionaryWeights } from "./dictionary/weights.js";
export {
  type Absorption,
  type AbsorptionOptions,
  featureAbsorption,
} from "./evaluation/absorption.js";
export {
  type DictionaryEvaluation,
  type DictionaryMeasures,
  type EvaluationOptions,
  evaluateDictionary,
} from "./evaluation/evaluate.js";
export { type FeatureTests, featureTests } from "./evaluation/feature-tests.js";
export {
  type BehaviourMeasures,
  densityHistogram,
  type ReconstructionMeasures,
} from "./evaluation/measures.js";
export { nullDictionary } from "./evaluation/nulls.js";
export { overSeeds, type SeedNoise } from "./evaluation/over-seeds.js";
export {
  type SparseProbe,
  type SparseProbeOptions,
  sparseProbe,
} from "./evaluation/sparse-probing.js";
export {
  type ChangedPrediction,
  type ChangeTranscoderOptions,
  changeTranscoderFeatures,
} from "./feature-changes/change-transcoder-features.js";
export type { FeatureChange, Held } from "./feature-changes/changed-run.js";
export * from "./feature-circuit/index.js";
export * from "./features/index.js";
export { loadCrosscoder, loadDictionary, loadTranscoders } from "./loading/load.js";
export type { LoadDictionaryOptions } from "./loading/options.js";
export { dictionaryMethods } from "./methods.js";
export {
  type CrosscoderDiff,
  type DiffCrosscoderOptions,
  type DiffedFeature,
  diffCrosscoder,
  type FeaturePlace,
} from "./model-diffing/diff-crosscoder.js";
export { saveCrosscoder } from "./saving/save-crosscoder.js";
export { saveDictionary, saveTranscoders } from "./saving/save-dictionary.js";
export {
  DictionaryFormatError,
  DictionaryShapeError,
  NoTrainingDataError,
  TrainingMismatchError,
  UnknownDictionaryFieldError,
  UnsupportedDictionarySaveError,
} from "./shared/errors.js";
export type { DictionaryModel } from "./shared/model.js";
export { type SyntheticData, type SyntheticOptions, syntheticData } from "./synthetic/generator.js";
export { type SyntheticScores, scoreAgainstTruth } from "./synthetic/scores.js";
export {
  type ResolvedConfig,
  type TrainingConfig,
  trainingConfig,
} from "./training/config.js";
export { trainingCurves } from "./training/curves.js";
export type { TrainedPlace } from "./training/finish.js";
export type { TrainingMetrics } from "./training/metrics.js";
export type { TrainingBatch } from "./training/parameters.js";
export type { TrainingOptions } from "./training/run-trainings.js";
export {
  arraySource,
  modelSource,
  type SourceSites,
  storeSource,
  type TrainingSource,
} from "./training/sources.js";
export {
  type CrossLayerTrainingOptions,
  type Trained,
  trainCrosscoder,
  trainCrossLayerTranscoder,
  trainDictionaries,
  trainDictionary,
} from "./training/train.js";
export { CrossLayerTranscoder, type CrossLayerWeights } from "./transcoders/cross-layer.js";
export {
  type LayerWrites,
  TranscoderSet,
  type TranscoderSites,
  type Transcoders,
} from "./transcoders/transcoder-set.js";
export { featureDashboard } from "./use/dashboard.js";
export { type FeatureLogits, type LogitEffect, logitEffects } from "./use/logit-effects.js";
export { type FeatureMatch, featureSimilarity, matchFeatures } from "./use/similarity.js";
export {
  changeFeatures,
  type FeatureChanges,
  featureSite,
  type SpliceDictionaryOptions,
  spliceDictionary,
} from "./use/splice-dictionary.js";
export {
  type FeatureExample,
  type FeatureSummary,
  type TopExamplesOptions,
  topExamples,
} from "./use/top-examples.js";
