/** What the server itself refuses, each with its status in HTTP. */
import { didYouMean, MlxterpError } from "@mlxterp/results";

/** An error that knows its status. */
export abstract class ServerError extends MlxterpError {
  abstract readonly status: number;
}

/** The request is not one that this route takes. */
export class InvalidRequestError extends ServerError {
  readonly code = "INVALID_REQUEST";
  readonly status = 400;

  /** @param path of the part that is wrong, such as `options.maxTokens` */
  constructor(
    readonly path: string,
    rule: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${rule}`, options);
  }
}

/** No token, or a wrong one. */
export class UnauthorizedError extends ServerError {
  readonly code = "UNAUTHORIZED";
  readonly status = 401;

  constructor() {
    super("This server asks for its token: send it as Authorization: Bearer <token>.");
  }
}

/** The request comes from a page of somebody else, or under a name that is not this server's. */
export class ForbiddenCallerError extends ServerError {
  readonly code = "FORBIDDEN_CALLER";
  readonly status = 403;

  constructor(
    readonly header: "Host" | "Origin" | "Sec-Fetch-Site",
    readonly value: string,
  ) {
    super(
      `${header} "${value.slice(0, 100)}" is not one of this server's; it answers loopback names and those it was started with.`,
    );
  }
}

/** A path that is not below an allowed root; whether there is something is not said. */
export class ForbiddenPathError extends ServerError {
  readonly code = "FORBIDDEN_PATH";
  readonly status = 403;

  constructor(
    readonly path: string,
    roots: readonly string[],
  ) {
    const allowed =
      roots.length === 0
        ? "this server was started without roots, so that it reads no paths"
        : `it reads paths below ${roots.join(", ")}`;
    super(`"${path.slice(0, 200)}" is nothing that this server may read: ${allowed}.`);
  }
}

/** There is no such route, model, method or tensor. */
export class NotFoundError extends ServerError {
  readonly code = "NOT_FOUND";
  readonly status = 404;

  constructor(
    readonly what: string,
    readonly given: string,
    known: readonly string[] = [],
  ) {
    const name = given.slice(0, 100);
    const list = known.length > 0 ? `There are ${known.join(", ")}.` : "";
    super(`There is no ${what} "${name}". ${didYouMean(name, known)}${list}`.trimEnd());
  }
}

/** A route that takes other verbs. */
export class MethodNotAllowedError extends ServerError {
  readonly code = "METHOD_NOT_ALLOWED";
  readonly status = 405;

  constructor(
    verb: string,
    readonly allowed: readonly string[],
  ) {
    super(`${verb.slice(0, 20)} is not for this route; it takes ${allowed.join(", ")}.`);
  }
}

/** A tensor that was kept for a while. */
export class TensorGoneError extends ServerError {
  readonly code = "TENSOR_GONE";
  readonly status = 410;

  constructor(readonly reference: string) {
    super(
      `The tensor ${reference.slice(0, 100)} is no longer kept, or belongs to an earlier server: run again.`,
    );
  }
}

/** More than a limit of this server. */
export class LimitError extends ServerError {
  readonly code = "LIMIT";
  readonly status = 413;

  constructor(
    readonly limit: string,
    readonly allowed: number,
    what: string,
  ) {
    super(`${what}; this server allows ${allowed} (limits.${limit}).`);
  }
}

/** A body of another kind. */
export class MediaTypeError extends ServerError {
  readonly code = "MEDIA_TYPE";
  readonly status = 415;

  constructor(given: string | null) {
    super(`Bodies are application/json, not ${given === null ? "untyped" : given.slice(0, 60)}.`);
  }
}

/** A range that the tensor does not have. */
export class ByteRangeError extends ServerError {
  readonly code = "RANGE";
  readonly status = 416;

  constructor(
    readonly range: string,
    readonly size: number,
  ) {
    super(`${range.slice(0, 60)} is no range of ${size} bytes.`);
  }
}

/** No room to wait for the device, or the server is about to end. */
export class BusyError extends ServerError {
  readonly code = "BUSY";
  readonly status = 503;
}

/** The request has had its time on the device. */
export class TimeLimitError extends ServerError {
  readonly code = "TIME_LIMIT";
  readonly status = 504;

  constructor(readonly seconds: number) {
    super(`This took more than the ${seconds} seconds of limits.seconds; ask for less.`);
  }
}

/** More models than may be in memory. */
export class ModelLimitError extends ServerError {
  readonly code = "MODEL_LIMIT";
  readonly status = 409;

  constructor(readonly allowed: number) {
    super(`${allowed} models are in memory, which is all that may be; DELETE one of them first.`);
  }
}
