/** What a failure means for the exit code, and the one line that tells it. */

import { visibleLine } from "@mlxterp/results";

/** The invocation itself is wrong: an unknown option, a missing value, a bad number. */
export class UsageError extends Error {
  readonly code = "USAGE";
  override readonly name = "UsageError";
}

/** The model is of a kind that a command is nothing for. */
export class UnfitModelError extends Error {
  readonly code = "MODEL_KIND";
  override readonly name = "UnfitModelError";
}

/** What was found could not be written where it was to go. */
export class OutFileError extends Error {
  readonly code = "OUT_FILE";
  override readonly name = "OutFileError";
}

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/**
 * Codes of errors that say an argument cannot be, or names no part of the model: they count as wrong arguments. A model that
 * is not there or of another kind, and a result that cannot be had, are failures. Told by their code, since the classes
 * live in packages that need the binding.
 */
const blamesArguments: ReadonlySet<unknown> = new Set([
  "USAGE",
  "ANSWER_TOKEN",
  "INTERVENTION_SYNTAX",
  "INVALID_ARGUMENT",
  "INVALID_INTERVENTION",
  "INVALID_PROMPT",
  "MISSING_TOKENIZER",
  "OUT_OF_RANGE",
  "TOKEN_RANGE",
  "UNEQUAL_LENGTH",
  "UNKNOWN_SITE",
]);

/** @param aborted whether the user interrupted, which is then the reason for whatever was thrown */
export function exitCodeOf(error: unknown, aborted: boolean): number {
  if (aborted) return exitCodes.interrupted;
  const { code } = (error ?? {}) as { code?: unknown };
  return blamesArguments.has(code) ? exitCodes.usage : exitCodes.failure;
}

/** An error's message in one line. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return visibleLine(message.replace(/\s*\n\s*/g, " ").trim());
}

/** An error with everything known about it. */
export function inFull(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by: ${inFull(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}
