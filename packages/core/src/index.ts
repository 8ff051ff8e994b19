/** The menu of @mlxterp/core. */
export type { Anatomy, LayerWeights } from "./anatomy.js";
export type { Axes, Axis } from "./axes.js";
export {
  DisposedError,
  InterventionShapeError,
  InvalidPromptError,
  MissingAnatomyError,
  MissingAxisError,
  NoOpenTraceError,
  OutOfRangeError,
  SiteNotReachedError,
  TokenRangeError,
  UnknownSiteError,
} from "./errors.js";
export type { Intervention, Interventions, SiteContext } from "./intervention.js";
export { Tap } from "./tap.js";
export type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";
