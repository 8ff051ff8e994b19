/** Selectors against paths: compiled to tests on their segments. */
import type { Segment } from "../tree/module-node.js";

type SegmentTest = (segment: Segment) => boolean;

/** Compiles pattern segments to a test of a node's segments; `**` stands for any number of them. */
export function compileSegments(
  patterns: readonly string[],
): (segments: readonly Segment[]) => boolean {
  // several `**` in a row say what one does, and would be tried in every combination
  const distinct = patterns.filter((one, at) => one !== "**" || patterns[at - 1] !== "**");
  const tests = distinct.map((pattern) => (pattern === "**" ? "any" : segmentTest(pattern)));
  const matches = (segments: readonly Segment[], at: number, from: number): boolean => {
    if (from === tests.length) return at === segments.length;
    const test = tests[from];
    if (test === "any") {
      for (let next = at; next <= segments.length; next++) {
        if (matches(segments, next, from + 1)) return true;
      }
      return false;
    }
    return at < segments.length && test(segments[at]) && matches(segments, at + 1, from + 1);
  };
  return (segments) => matches(segments, 0, 0);
}

/** Splits at the dots that are not inside braces, in one go from the end: a name may be of any length. */
export function splitOutsideBraces(text: string): string[] {
  const segments: string[] = [];
  let [end, isInside] = [text.length, false];
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === "}") isInside = true;
    if (text[at] === "{") isInside = false;
    if (text[at] !== "." || isInside) continue;
    segments.push(text.slice(at + 1, end));
    end = at;
  }
  return [text.slice(0, end), ...segments.reverse()];
}

function segmentTest(pattern: string): SegmentTest {
  if (pattern === "*") return () => true;
  const range = /^\{(-?\d+)\.\.(-?\d+)\}$/.exec(pattern);
  if (range) return rangeTest(Number(range[1]), Number(range[2]));
  if (/^-\d+$/.test(pattern)) return indexTest(Number(pattern));
  if (!pattern.includes("*")) return ({ key }) => key === pattern;
  const regular = new RegExp(`^${pattern.split("*").map(escapeRegExp).join("[^.]*")}$`);
  return ({ key }) => regular.test(key);
}

/** Bounds included; negative ones count from the list's end. */
function rangeTest(from: number, to: number): SegmentTest {
  return ({ key, listLength }) => {
    const index = Number(key);
    return (
      listLength > 0 && index >= absolute(from, listLength) && index <= absolute(to, listLength)
    );
  };
}

function indexTest(index: number): SegmentTest {
  return ({ key, listLength }) =>
    key === String(index) || (listLength > 0 && Number(key) === absolute(index, listLength));
}

function absolute(index: number, length: number): number {
  return index < 0 ? index + length : index;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
