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
export type { EditOptions, ModelEdits, ModuleEdit, NamedEdit } from "./edits/edit.js";
export type { EditsOn } from "./edits/edits-on.js";
export { type MakeModule, type ModuleReplacement, replaceModule } from "./edits/replace-module.js";
export { type SkipOptions, type SkippedOutput, skip, skipOptions } from "./edits/skip.js";
export { type ModuleSplice, type SpliceOptions, splice } from "./edits/splice.js";
export {
  AsyncForwardError,
  DisposedError,
  EditNameError,
  InterventionShapeError,
  InvalidEditError,
  InvalidMetricError,
  InvalidPromptError,
  MissingAnatomyError,
  MissingAxisError,
  NoOpenTraceError,
  NotDifferentiableError,
  OutOfRangeError,
  ReadOnlySiteError,
  SiteNotReachedError,
  TokenRangeError,
  UnknownSiteError,
} from "./errors.js";
export { integratedGradients } from "./gradients/integrated-gradients.js";
export type {
  IntegratedGradientOptions,
  IntegratedGradients,
} from "./gradients/integrated-options.js";
export type {
  GradientIntervention,
  GradientMetric,
  GradientOptions,
  Gradients,
  MetricPass,
} from "./gradients/options.js";
export { stopGradient } from "./gradients/stop-gradient.js";
export {
  checkInterventions,
  type Intervention,
  type Interventions,
  type SiteContext,
} from "./intervention.js";
export type { BatchTrace } from "./invoke/batch-trace.js";
export {
  InvocationNeededError,
  InvocationRowsError,
  LateInvocationError,
} from "./invoke/errors.js";
export type { Invocation, InvocationCore } from "./invoke/invocation.js";
export type { InvokeOptions, InvokeOptionsOn, SharedForwardOptions } from "./invoke/options.js";
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
export {
  checkPositions,
  indexFromEnd,
  isPositionRange,
  lastPositions,
  type PositionRange,
  type Positions,
  positionsOf,
} from "./positions.js";
export { padRight } from "./prompts.js";
export { anatomyPart } from "./resolve-anatomy.js";
export { Scan, type ScannedSite } from "./scan/scan.js";
export { checkSelectors, type Selector } from "./sites/selector.js";
export type { ByteSize } from "./storage/byte-size.js";
export type { CaptureOptions } from "./storage/capture.js";
export type { RoomOptions, SpillOptions } from "./storage/compute.js";
export {
  BudgetExceededError,
  type BudgetRemedies,
  CorruptCacheError,
  FolderInUseError,
  type SiteBytes,
} from "./storage/errors.js";
export type { SaveCacheOptions } from "./storage/held-activations.js";
export { Tap } from "./tap.js";
export type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";
export type { TraceCore } from "./trace.js";
export type { Activation } from "./typed-sites/activation.js";
export type { InterventionsOn, KnownSite, SiteOf } from "./typed-sites/checked.js";
export type { Children, DictionaryView, ListView, ModuleView, SiteValue, View } from "./views.js";
