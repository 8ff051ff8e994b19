/** A method's options, checked by its schema: for plain JavaScript, and for JSON from anywhere. */
import type { z } from "zod";
import { checkOptions } from "../errors/check-options.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { isCallable, isSignal } from "../errors/kinds-of-values.js";
import { didYouMean } from "../errors/nearest.js";
import type { OptionsSchema, RunControl } from "./define-method.js";
import { checkSchema } from "./fields.js";

const control = { signal: true, onProgress: true } as const;

/** Checked options with their defaults, and what a run is steered by. */
export type ParsedOptions<S extends OptionsSchema> = z.output<S> & RunControl;

/**
 * Checks options and fills in defaults. `signal` and `onProgress` pass through: every method has them.
 *
 * @param of whose options they are, such as `logitLens`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the first option that does not exist, with the nearest that does,
 *   or the first value that is not allowed, with the rule
 * @example
 * parseOptions("f", z.object({ topK: z.int().positive().default(5) }), {}).topK; // 5
 */
export function parseOptions<S extends OptionsSchema>(
  of: string,
  schema: S,
  options: (z.input<S> & RunControl) | undefined,
): ParsedOptions<S> {
  checkSchema("schema", schema);
  const given: object = options === undefined ? {} : options;
  const names = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, true] as const));
  checkOptions(of, given, { ...names, ...control } as Record<keyof typeof given, true>);
  const { signal, onProgress, ...own } = given as Record<string, unknown> & RunControl;
  checkControl(of, { signal, onProgress });
  signal?.throwIfAborted();
  const parsed = parsedBy(of, schema, own);
  if (!parsed.success) throw invalid(of, schema, own, parsed.error.issues[0]);
  return {
    ...(parsed.data as z.output<S>),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
}

/** What is no plain data may throw while it is looked at, such as an array of MLX that is asked for its length. */
function parsedBy(of: string, schema: OptionsSchema, own: object) {
  try {
    return schema.safeParse(own);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const rule = `hold what cannot be read as plain data (${why}).`;
    throw Object.assign(new InvalidArgumentError(`${of}: options`, own, rule), { cause });
  }
}

function checkControl(of: string, { signal, onProgress }: RunControl): void {
  if (onProgress !== undefined && !isCallable(onProgress)) {
    throw new InvalidArgumentError(`${of}: onProgress`, onProgress, "must be a function.");
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw new InvalidArgumentError(`${of}: signal`, signal, "must be an AbortSignal.");
  }
}

function invalid(of: string, schema: OptionsSchema, given: object, issue: z.core.$ZodIssue) {
  const [name] = issue.path;
  const value = issue.path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  );
  const place = issue.path.map(String).join(".");
  const whole = name === undefined ? undefined : schema.shape[String(name)];
  if (value === undefined && issue.code !== "custom") {
    return new InvalidArgumentError(`${of}: ${place}`, value, `is missing${describe(whole)}.`);
  }
  return new InvalidArgumentError(`${of}: ${place}`, value, ruleOf(issue, value, whole));
}

function describe(schema: z.core.$ZodType | undefined): string {
  const description = (schema as { description?: string } | undefined)?.description;
  return description ? ` (${description})` : "";
}

function ruleOf(issue: z.core.$ZodIssue, value: unknown, whole: z.core.$ZodType | undefined) {
  const got = `, not ${shown(value)}`;
  switch (issue.code) {
    case "custom":
      return issue.message;
    case "invalid_value":
      return wordRule(issue.values.map(String), value);
    case "invalid_union": {
      const words = issue.errors.flat().flatMap((one) => wordsOf(one));
      return words.length > 0 && typeof value === "string"
        ? wordRule(words, value)
        : `does not fit${describe(whole)}; got ${shown(value)}.`;
    }
    case "too_small":
      if (issue.origin === "array") return shortRule(issue.minimum, value, whole);
      if (issue.origin === "string") return issue.minimum === 1 ? "must not be empty." : `must have ${issue.minimum} characters or more${got}.`; // biome-ignore format: one line
      return issue.inclusive && issue.minimum === 1 && Number.isInteger(value)
        ? `must be a positive integer${got}.`
        : `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${got}.`;
    case "too_big":
      if (issue.origin === "array") return `must have at most ${issue.maximum} entries${got}.`;
      return `must be at most ${issue.maximum}${got}.`;
    case "invalid_type":
      return `must be ${article(issue.expected)}${got}.`;
    default:
      return `${issue.message}${got}.`;
  }
}

function shortRule(least: unknown, value: unknown, whole: z.core.$ZodType | undefined): string {
  const length = Array.isArray(value) ? value.length : 0;
  if (length > 0) return `must have ${least} entries or more, not ${length}.`;
  const optional = whole?._zod.optin !== undefined;
  return `the list is empty; name at least one${optional ? ", or leave it out" : ""}.`;
}

function wordsOf(issue: z.core.$ZodIssue): string[] {
  return issue.code === "invalid_value" ? issue.values.map(String) : [];
}

function wordRule(words: readonly string[], value: unknown): string {
  const hint = typeof value === "string" ? didYouMean(value, words) : "";
  return `must be one of ${words.map((word) => `"${word}"`).join(", ")}, not ${shown(value)}. ${hint}`.trimEnd();
}

function article(expected: string): string {
  if (expected === "int") return "an integer";
  return `${/^[aeiou]/.test(expected) ? "an" : "a"} ${expected}`;
}

function shown(value: unknown, depth = 0): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "number" || value === undefined || value === null) return `${value}`;
  if (typeof value === "function") return "a function";
  if (!Array.isArray(value)) return "an object";
  if (depth > 3) return "[…]"; // it may hold itself
  const parts = value.slice(0, 8).map((part) => shown(part, depth + 1));
  return `[${parts.join(", ")}]`;
}
