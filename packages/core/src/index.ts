/** The menu of @mlxterp/core. */
export type { Anatomy, LayerWeights } from "./anatomy.js";
export type { Axes, Axis } from "./axes.js";
export { ActivationCache, type Provenance } from "./cache.js";
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
export { InterpretableModel, InterpretableModelCore } from "./model.js";
export type { Trace } from "./open-trace.js";
export type {
  ForwardArguments,
  InterpretableOptions,
  PassOptions,
  RunOptions,
  SiteInfo,
} from "./options.js";
export { growsBatch } from "./pass/apply.js";
export { lastPositions } from "./positions.js";
export { padRight } from "./prompts.js";
export { anatomyPart } from "./resolve-anatomy.js";
export type { Selector } from "./sites/selector.js";
export { Tap } from "./tap.js";
export type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";
export type { TraceCore } from "./trace.js";
export type { Children, DictionaryView, ListView, ModuleView, SiteValue, View } from "./views.js";
