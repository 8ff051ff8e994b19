/** The menu of @mlxterp/analysis: a room for each method, and what they share. */
export { type TopK, topK } from "@mlxterp/mlx";
export * from "./activation-patching/index.js";
export type { Answer } from "./answers.js";
export { resolveAnswer } from "./answers.js";
export * from "./attention-patterns/index.js";
export * from "./direct-logit-attribution/index.js";
export {
  AnswerTokenError,
  EqualBaselinesError,
  MetricShapeError,
  MissingTokenizerError,
  NotRepeatableError,
  UnequalLengthError,
} from "./errors.js";
export * from "./head-ablation/index.js";
export * from "./head-types/index.js";
export * from "./logit-lens/index.js";
export { methods } from "./methods.js";
export type { Metric, MetricFunction, MetricName } from "./metrics.js";
export type { AnalysisModel } from "./model.js";
export type { AnalysisProgress, RunControl } from "./progress.js";
export type { ManyPrompts, OnePrompt, PromptTokens, TokenText } from "./prompts.js";
export { rerun } from "./rerun.js";
