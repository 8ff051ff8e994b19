/** The menu of @mlxterp/server/client: it runs in a browser, and loads nothing but zod and `@mlxterp/results`. */
export type {
  Capabilities,
  DoneEvent,
  MethodSummary,
  ModelSummary,
  ProblemJson,
  ProgressEvent,
  SavedTensor,
  ServerLimits,
  SiteSummary,
  TokenEvent,
  TokensAnswer,
} from "../wire/answers.js";
export {
  answeredSchema,
  capabilitiesSchema,
  modelSummarySchema,
  problemSchema,
  tokenEventSchema,
} from "../wire/answers.js";
export type { Message, OnePrompt, Pairs, Prompts } from "../wire/inputs.js";
export type {
  GenerateRequest,
  LoadRequest,
  RunRequest,
  TokensRequest,
} from "../wire/requests.js";
export type {
  BuiltInMethods,
  Jsonable,
  MethodAnswer,
  MethodNamed,
  MethodRequest,
  WireInterventions,
} from "./client-types.js";
export { type Client, createClient, type GenerationEvent } from "./create-client.js";
export { type CallOptions, type ClientSettings, ServerProblemError } from "./transport.js";
