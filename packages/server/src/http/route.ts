/** A route as data: what it takes and answers, for the router, for OpenAPI, and for readers. */
import type { z } from "zod";
import type { Workplace } from "../work/workplace.js";

/** One request that passed the door. */
export interface Call {
  readonly request: Request;
  readonly workplace: Workplace;
  /** The parts of the path in braces. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The parameters after the question mark. */
  readonly query: URLSearchParams;
  /** Held to the route's schema; undefined where it takes none. */
  readonly body: unknown;
  readonly client: string;
  /** Fires when the caller goes away. */
  readonly signal: AbortSignal;
  /** Ends the work of this call. */
  leave(): void;
  /** Is told of errors that are none of ours. */
  onError(error: unknown): void;
}

export interface Route {
  readonly verb: "get" | "post" | "delete";
  /** Such as `/api/models/{id}/tokens`. */
  readonly path: string;
  /** The name of the operation. */
  readonly operation: string;
  readonly summary: string;
  readonly description?: string;
  /** Parameters after the question mark, each with what it says. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** Schema of the body for OpenAPI, where it says more than what is checked at the door. */
  readonly documentedBody?: unknown;
  /** Schemas that the documented body refers to, by name. */
  readonly schemas?: Readonly<Record<string, Record<string, unknown>>>;
  /** What comes as JSON; undefined for bytes. */
  readonly answer?: z.ZodType;
  /** What comes as events, by their names, to whom asks for `text/event-stream`. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
  handle(call: Call): Promise<Response>;
}
