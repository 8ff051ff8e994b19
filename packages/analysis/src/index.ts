/** The menu of @mlxterp/analysis. */
export { type TopK, topK } from "@mlxterp/mlx";
export { ablateHeads } from "./ablation/ablate-heads.js";
export type {
  AblationMethod,
  AblationOptions,
  AblationResult,
  AblationScores,
  HeadAddress,
} from "./ablation/types.js";
export type { Answer } from "./answers.js";
export { resolveAnswer } from "./answers.js";
export {
  type AttentionOptions,
  type AttentionResult,
  attentionPatterns,
  type HeadPattern,
} from "./attention/attention-patterns.js";
export type { HeadKind } from "./attention/head-kinds.js";
export {
  type HeadScores,
  type HeadTypeOptions,
  type HeadTypesResult,
  headTypes,
} from "./attention/head-types.js";
export { directLogitAttribution } from "./attribution/direct-logit-attribution.js";
export type {
  Attribution,
  AttributionOptions,
  AttributionResult,
  PromptAttribution,
} from "./attribution/types.js";
export {
  AnswerTokenError,
  EqualBaselinesError,
  MetricShapeError,
  MissingTokenizerError,
  UnequalLengthError,
} from "./errors.js";
export { resultToJSON } from "./json.js";
export { logitLens } from "./lens/logit-lens.js";
export type {
  LensAnswer,
  LensCell,
  LensOptions,
  LensResult,
  LensRow,
  LensToken,
} from "./lens/types.js";
export type { Metric, MetricFunction, MetricName } from "./metrics.js";
export type { AnalysisModel } from "./model.js";
export { activationPatching } from "./patching/activation-patching.js";
export type {
  Matrix,
  PatchBaseline,
  PatchColumn,
  PatchDirection,
  PatchEffect,
  PatchingMatrix,
  PatchingOptions,
  PatchingPair,
  PatchingResult,
  PatchKind,
} from "./patching/types.js";
export type { AnalysisProgress, RunControl } from "./progress.js";
export type { ManyPrompts, OnePrompt, PromptTokens, TokenText } from "./prompts.js";
export type { ResultProvenance } from "./provenance.js";
export type { Question } from "./questions.js";
