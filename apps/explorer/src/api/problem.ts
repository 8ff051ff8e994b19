/** What the server refuses, as an error with its code. */
import { MlxterpError } from "@mlxterp/results";

/** The parts of a problem document (RFC 9457) that are shown. */
interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
}

/** A request that failed, in the server's words. */
export class ProblemError extends MlxterpError {
  readonly code = "PROBLEM";
  constructor(
    /** The server's own code, such as `UNKNOWN_SITE`. */
    readonly problem: string,
    message: string,
  ) {
    super(message);
  }
}

/** @param data a problem document */
export function problemError(data: unknown): ProblemError {
  const { title, detail, code = "INTERNAL" } = (data ?? {}) as Problem;
  return new ProblemError(code, detail ?? title ?? "The server failed without a reason.");
}

/** Reads why a request failed. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const text = await response.text();
  if (text.startsWith("{")) return problemError(JSON.parse(text));
  return new ProblemError("HTTP", `The server answered ${response.status}: ${text.slice(0, 200)}`);
}
