/** The menu of @mlxterp/analysis: a room for each method, and what they share. */
export { type TopK, topK } from "@mlxterp/mlx";
export * from "./acdc/index.js";
export * from "./activation-addition/index.js";
export * from "./activation-patching/index.js";
export * from "./attention-patterns/index.js";
export * from "./attention-rollout/index.js";
export * from "./attribution-patching/index.js";
export { type BackwardRule, backwardRules } from "./backward-rules/rule-sets.js";
export * from "./causal-tracing/index.js";
export * from "./circuits/index.js";
export * from "./conversations/index.js";
export * from "./copying-loss/index.js";
export * from "./direct-logit-attribution/index.js";
export * from "./direction-reading/index.js";
export * from "./edge-attribution/index.js";
export * from "./effective-attention/index.js";
export * from "./erasure/index.js";
export * from "./head-ablation/index.js";
export * from "./head-types/index.js";
export * from "./head-weights/index.js";
export * from "./interchange/index.js";
export * from "./jacobian-lens/index.js";
export * from "./lens-translators/index.js";
export * from "./logit-lens/index.js";
export { methods } from "./methods.js";
export * from "./model-diff/index.js";
export * from "./mover-heads/index.js";
export * from "./patchscope/index.js";
export * from "./path-patching/index.js";
export * from "./probes/index.js";
export { type RerunOptions, rerun } from "./rerun.js";
export * from "./scan/index.js";
export type {
  Answer,
  AnswerChoice,
  AnyAnswer,
  AskedAnswer,
  SequenceAnswer,
} from "./shared/answers.js";
export { createResult, type Found } from "./shared/create-result.js";
export {
  AnswerTokenError,
  EqualBaselinesError,
  MetricShapeError,
  MissingTokenizerError,
  NotASumError,
  NotRepeatableError,
  UnequalLengthError,
} from "./shared/errors.js";
export type { Metric, MetricFunction, MetricName } from "./shared/metrics.js";
export type { AnalysisModel } from "./shared/model.js";
export type { PatchingPrompts } from "./shared/pairs.js";
export type { AnalysisProgress, RunControl } from "./shared/progress.js";
export type { ManyPrompts, OnePrompt, PromptTokens, TokenText } from "./shared/prompts.js";
export { fedOf } from "./shared/prompts.js";
export { resolveAnswer } from "./shared/read-token.js";
export type { GivenSpans, Span, SpanPair } from "./shared/spans.js";
export * from "./similarity/index.js";
export * from "./site-statistics/index.js";
export * from "./steering/index.js";
export * from "./task-accuracy/index.js";
export * from "./tasks/index.js";

export * from "./token-attribution/index.js";
export * from "./tuned-lens/index.js";
