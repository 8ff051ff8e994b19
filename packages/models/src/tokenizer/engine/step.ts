/** One step of a tokenizer.json, and what is read from it. */
import { createMatcher, type Matcher, PatternSyntaxError } from "../../patterns/pattern.js";

export interface Step {
  readonly type?: string;
  readonly [field: string]: unknown;
}

/** What is wrong with a tokenizer.json; caught where the file's name is known. */
export class TokenizerFileError extends Error {}

/** Steps in steps are no deeper in any file that a tokenizer wrote. */
const deepest = 32;

/**
 * @param name of what the step is, for messages
 * @throws TokenizerFileError
 */
export function readStep(value: unknown, name: string, depth: number): Step {
  if (depth > deepest) throw new TokenizerFileError(`its ${name}s are nested more than 32 deep`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TokenizerFileError(`a ${name} is ${shown(value)}, which is no object`);
  }
  return value as Step;
}

/** The steps of a sequence. */
export function readSteps(step: Step, field: string): readonly unknown[] {
  const inner = step[field];
  if (!Array.isArray(inner)) throw wrong(step, field, "a list");
  return inner;
}

export function readText(step: Step, field: string, otherwise?: string): string {
  const value = step[field] ?? otherwise;
  if (typeof value !== "string") throw wrong(step, field, "a text");
  return value;
}

/** What is put before or behind parts of words, which a text has many of. */
export function readAffix(step: Step, field: string, otherwise = ""): string {
  const text = readText(step, field, otherwise);
  if (text.length > 64) throw wrong(step, field, "a text of at most 64 characters");
  return text;
}

export function readCharacter(step: Step, field: string, otherwise: string): string {
  const text = readText(step, field, otherwise);
  if ([...text].length !== 1) throw wrong(step, field, "one character");
  return text;
}

export function readFlag(step: Step, field: string, otherwise: boolean): boolean {
  const value = step[field] ?? otherwise;
  if (typeof value !== "boolean") throw wrong(step, field, "true or false");
  return value;
}

export function readCount(step: Step, field: string, otherwise?: number): number {
  const value = step[field] ?? otherwise;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw wrong(step, field, "a whole number from 0 up");
  }
  return value;
}

/** The `pattern` of a step: a text as it stands, or a regular expression. */
export function readPattern(step: Step): Matcher {
  const { String: text, Regex: source } = (step.pattern ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof text === "string") return (searched) => textMatches(searched, text);
  if (typeof source !== "string") throw wrong(step, "pattern", "a String or a Regex");
  try {
    return createMatcher(source);
  } catch (cause) {
    if (!(cause instanceof PatternSyntaxError)) throw cause;
    const reason = `the pattern ${shown(source)} cannot be searched for in bounded time: ${cause.message}`;
    throw new TokenizerFileError(reason);
  }
}

function textMatches(searched: string, text: string) {
  const found = [];
  if (text === "") return [];
  for (let at = searched.indexOf(text); at >= 0; at = searched.indexOf(text, at + text.length)) {
    found.push({ start: at, end: at + text.length });
  }
  return found;
}

export function unknownStep(name: string, step: Step): TokenizerFileError {
  return new TokenizerFileError(`a ${name} of the type ${shown(step.type)} is not implemented`);
}

function wrong(step: Step, field: string, wanted: string): TokenizerFileError {
  return new TokenizerFileError(
    `${field} of ${shown(step.type)} is ${shown(step[field])}; it has to be ${wanted}`,
  );
}

/** A value in a message, not longer than a line. */
export function shown(value: unknown): string {
  const isNested = typeof value === "object" && value !== null;
  const parts = isNested ? Object.values(value).some((part) => typeof part === "object") : false;
  const text = parts ? "an object of objects" : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
