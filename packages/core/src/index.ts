/** The menu of @mlxterp/core. */

export type { Anatomy, LayerWeights } from "./anatomy/anatomy.js";
export { anatomyPart } from "./anatomy/resolve-anatomy.js";
export type { Axes, Axis } from "./axes.js";
export {
  batchGetActivations,
  type CollectOptions,
  type CollectProgress,
  collectActivations,
  getActivations,
} from "./compat/activations.js";
export { checkEdits, type EditOptions, type ModelEdits, type NamedEdit } from "./edits/edit.js";
export type { EditsOn } from "./edits/edits-on.js";
export type { ForwardArguments, PassChanges } from "./edits/forward-arguments.js";
export {
  AsyncForwardError,
  DisposedError,
  EditNameError,
  InterventionDtypeError,
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
export type {
  GradientIntervention,
  GradientMetric,
  GradientOptions,
  Gradients,
  MetricPass,
} from "./gradients/options.js";
export { stopGradient } from "./gradients/stop-gradient.js";
export { integratedGradients } from "./integrated-gradients/integrated-gradients.js";
export type {
  IntegratedGradientOptions,
  IntegratedGradients,
} from "./integrated-gradients/integrated-options.js";
export type { BatchTrace } from "./invoke/batch-trace.js";
export {
  InvocationNeededError,
  InvocationRowsError,
  LateInvocationError,
} from "./invoke/errors.js";
export type { Invocation, InvocationCore } from "./invoke/invocation.js";
export type { InvokeOptions, InvokeOptionsOn, SharedForwardOptions } from "./invoke/options.js";
export { checkModel } from "./model/check-model.js";
export { InterpretableModel, InterpretableModelCore } from "./model/model.js";
export type { InterpretableOptions, RunOptions, SiteInfo } from "./model/options.js";
export type { ModuleEdit } from "./module-edits/module-edit.js";
export {
  type MakeModule,
  type ModuleReplacement,
  replaceModule,
} from "./module-edits/replace-module.js";
export { type ModuleSplice, type SpliceOptions, splice } from "./module-edits/splice.js";
export { firstNotFinite, type NotFinite, notFiniteError } from "./not-finite/first-not-finite.js";
export { NotFiniteError } from "./not-finite/not-finite-error.js";
export { growsBatch, keepDtype } from "./pass/apply.js";
export {
  checkInterventions,
  type Intervention,
  type Interventions,
  type SiteContext,
} from "./pass/intervention.js";
export type { InterventionsOn, PassOptions } from "./pass/options.js";
export { type SkipOptions, type SkippedOutput, skip, skipOptions } from "./pass/skip.js";
export { type ModelOrigin, noteOrigin } from "./provenance/model-origin.js";
export {
  type ProvenanceFacts,
  type ProvenanceSubject,
  provenanceOf,
} from "./provenance/provenance-of.js";
export { Scan, type ScannedSite } from "./scan/scan.js";
export { checkSelectors, type Selector } from "./sites/selector.js";
export type { ByteSize } from "./storage/byte-size.js";
export { ActivationCache } from "./storage/cache.js";
export type { CaptureOptions } from "./storage/capture.js";
export type { RoomOptions, SpillOptions } from "./storage/compute.js";
export {
  BudgetExceededError,
  type BudgetRemedies,
  CorruptCacheError,
  DtypeOverflowError,
  FolderInUseError,
  type SiteBytes,
} from "./storage/errors.js";
export type { SaveCacheOptions } from "./storage/held-activations.js";
export { largestCast, requireHeld } from "./storage/overflow.js";
export { temporaryFolder } from "./storage/temporary-folder.js";
export {
  checkPositions,
  indexFromEnd,
  isPositionRange,
  lastPositions,
  type PositionRange,
  type Positions,
  positionsOf,
} from "./tokens/positions.js";
export { padRight, tokenBatch } from "./tokens/prompts.js";
export type { Prompt, TokenBatch, Tokenizer } from "./tokens/tokens.js";
export type { Trace } from "./trace/open-trace.js";
export type { TraceCore } from "./trace/trace.js";
export { type AxisNames, nameAxes } from "./tree/axis-names.js";
export type { SiteNote, SiteNotes } from "./tree/site-notes.js";
export { Tap, type TapNote } from "./tree/tap.js";
export type { Activation } from "./typed-sites/activation.js";
export type { SiteOf } from "./typed-sites/checked.js";
export type { KnownSite } from "./typed-sites/proposals.js";
export type {
  Children,
  DictionaryView,
  ListView,
  ModuleView,
  SiteValue,
  View,
} from "./typed-sites/views.js";
