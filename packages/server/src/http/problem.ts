/** Errors as problem details (RFC 9457), with this library's codes. */
import { MlxterpError, toJson } from "@mlxterp/results";
import { ServerError } from "../errors/errors.js";
import type { ProblemJson } from "../wire/answers.js";

/** Statuses of errors from the libraries below; all others say that a request cannot be done as it stands. */
const statuses: Readonly<Record<string, number>> = {
  BINDING_UNAVAILABLE: 503,
  BUDGET_EXCEEDED: 413,
  CHECKPOINT_NOT_FOUND: 404,
  HUB: 502,
};

const cannotBeDone = 422;

/** What a caller is told of an error that is none of ours: nothing of the machine. */
const unknown: ProblemJson = {
  type: "urn:mlxterp:error:INTERNAL",
  title: "InternalError",
  status: 500,
  code: "INTERNAL",
  detail: "Something failed inside the server; its log says what.",
};

/** Whether an error has a code of ours. */
export function isTyped(error: unknown): error is MlxterpError {
  return MlxterpError.isInstance(error);
}

export function problemOf(error: unknown): ProblemJson {
  if (!isTyped(error)) return unknown;
  const { code, name, message } = error;
  const status = error instanceof ServerError ? error.status : (statuses[code] ?? cannotBeDone);
  const field = fieldOf(error);
  return {
    type: `urn:mlxterp:error:${code}`,
    title: name,
    status,
    code,
    detail: message,
    ...(field && { field }),
  };
}

/** The option or part of the body that an error is about, so that a form can mark it. */
function fieldOf(error: MlxterpError): string | undefined {
  const { argument, path } = error as { argument?: unknown; path?: unknown };
  const named = typeof argument === "string" ? argument : path;
  return typeof named === "string" ? named.replace(/^[\w-]+: /, "").slice(0, 200) : undefined;
}

export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  return new Response(toJson(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      ...(problem.status === 401 && { "www-authenticate": "Bearer" }),
      ...(problem.status === 503 && { "retry-after": "1" }),
    },
  });
}
