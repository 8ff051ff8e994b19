/** Regular expressions out of files: found in linear time, or refused. */
import { parsePattern } from "./parse.js";
import { compilePattern } from "./program.js";
import { publishedPatterns } from "./published.js";
import { type Match, PatternRunner } from "./run.js";

export type { Match } from "./run.js";
export { PatternBudgetError } from "./run.js";
export { PatternSyntaxError } from "./syntax.js";

/** Finds all matches in a text, in order. */
export type Matcher = (text: string) => Match[];

/** Longer texts could exhaust the stack of JavaScript's engine. */
const longestNative = 2 ** 20;

/**
 * A pattern as Oniguruma reads it. Time grows with the text alone: what JavaScript's engine is known to find so is left to
 * it, which is faster, and the rest is found here.
 *
 * @throws PatternSyntaxError for a pattern that cannot be found so, such as one with a backward reference
 */
export function createMatcher(pattern: string): Matcher {
  const native = publishedPatterns().get(pattern);
  let runner: PatternRunner | undefined;
  const run = (text: string) => {
    runner ??= new PatternRunner(compilePattern(parsePattern(pattern)));
    return runner.matchAll(text);
  };
  if (!native) {
    run(""); // so that a pattern is refused where it is read
    return run;
  }
  return (text) => (text.length < longestNative ? nativeMatches(text, native) : run(text));
}

function nativeMatches(text: string, expression: RegExp): Match[] {
  const found: Match[] = [];
  expression.lastIndex = 0;
  for (let match = expression.exec(text); match; match = expression.exec(text)) {
    found.push({ start: match.index, end: expression.lastIndex });
  }
  return found;
}

/** Whether all of a text is matched, as Python's `re.fullmatch` would. */
export function createWholeMatcher(pattern: string): (text: string) => boolean {
  const runner = new PatternRunner(compilePattern(parsePattern(`\\A(?:${pattern})\\z`)));
  return (text) => runner.matchesWhole(text);
}
