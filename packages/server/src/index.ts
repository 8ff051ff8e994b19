/** The menu of @mlxterp/server. The typed client is `@mlxterp/server/client`, agent tools are `@mlxterp/server/agent`. */

export {
  BusyError,
  ByteRangeError,
  ForbiddenCallerError,
  ForbiddenPathError,
  InvalidRequestError,
  LimitError,
  MediaTypeError,
  MethodNotAllowedError,
  ModelLimitError,
  NotFoundError,
  ServerError,
  TensorGoneError,
  TimeLimitError,
  UnauthorizedError,
} from "./errors/errors.js";
export { isLoopback } from "./guard/names.js";
export type { App, Assets, Connection } from "./http/app.js";
export type { Listening } from "./http/listen.js";
export { defaultLimits, type ServerLimits } from "./limits/limits.js";
export {
  createServer,
  type ListenOptions,
  type MlxterpServer,
  type ServerOptions,
} from "./server/create-server.js";
