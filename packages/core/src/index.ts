/** The menu of @mlxterp/core. */
export type { Anatomy, LayerWeights } from "./anatomy.js";
export type { Axes, Axis } from "./axes.js";
export { ActivationCache, lastPositions, type Provenance } from "./cache.js";
export {
  batchGetActivations,
  type CollectOptions,
  type CollectProgress,
  collectActivations,
  getActivations,
} from "./collect.js";
export {
  DisposedError,
  InterventionShapeError,
  InvalidPromptError,
  MissingAnatomyError,
  MissingAxisError,
  NoOpenTraceError,
  OutOfRangeError,
  ReadOnlySiteError,
  SiteNotReachedError,
  TokenRangeError,
  UnknownSiteError,
} from "./errors.js";
export type { Intervention, Interventions, SiteContext } from "./intervention.js";
export {
  InterpretableModel,
  InterpretableModelCore,
  type InterpretableOptions,
  type PassOptions,
  type RunOptions,
  type SiteInfo,
} from "./model.js";
export { growsBatch } from "./pass/apply.js";
export { padRight } from "./prompts.js";
export { anatomyPart } from "./resolve-anatomy.js";
export type { Selector } from "./sites/selector.js";
export { Tap } from "./tap.js";
export type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";
export type { Trace, TraceCore } from "./trace.js";
export type { Children, ListView, ModuleView, SiteValue, View } from "./views.js";
