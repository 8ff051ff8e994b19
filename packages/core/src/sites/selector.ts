/** Selectors: the language in which sites are chosen, compiled to tests on path segments. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Segment } from "./module-tree.js";

/** A site, a pattern of sites, or a regular expression over canonical names. */
export type Selector = string | RegExp;

/** Which value of a module call is meant. */
export interface Port {
  readonly kind: "input" | "output";
  /** Which array of a tuple; undefined for the first one found. */
  readonly element: number | undefined;
}

/** A selector taken apart. */
export interface ParsedSelector {
  readonly segments: readonly string[];
  readonly port: Port;
  /** The number after `#`; undefined for every call. */
  readonly call: number | undefined;
  /** Whether it may match several sites. */
  readonly pattern: boolean;
}

/**
 * The ways to read a selector: the last segments may be names of modules, or a port (`.input`, `.output.1`).
 * Names come first, so a module that is called `output` is found under its own name.
 */
export function parseSelector(text: string): ParsedSelector[] {
  const numbered = /^(.*)#(\d+)$/.exec(text);
  const call = numbered ? Number(numbered[2]) : undefined;
  const body = numbered ? numbered[1] : text;
  const pattern = /[*{]/.test(body);
  const segments = body === "" ? [] : body.split(/\.(?![^{]*\})/);
  const readings: ParsedSelector[] = [
    { segments, port: { kind: "output", element: undefined }, call, pattern },
  ];
  const port = /^(?:(.*)\.)?(input|output)(?:\.(\d+))?$/.exec(body);
  if (port) {
    const element = port[3] === undefined ? undefined : Number(port[3]);
    const path = port[1] ? port[1].split(/\.(?![^{]*\})/) : [];
    const kind = port[2] as Port["kind"];
    readings.push({ segments: path, port: { kind, element }, call, pattern });
  }
  return readings;
}

type SegmentTest = (segment: Segment) => boolean;

function segmentTest(pattern: string): SegmentTest {
  if (pattern === "*") return () => true;
  const negative = /^-(\d+)$/.exec(pattern);
  if (negative) {
    const back = Number(negative[1]);
    return ({ key, listLength }) => listLength > 0 && Number(key) === listLength - back;
  }
  const range = /^\{(-?\d+)\.\.(-?\d+)\}$/.exec(pattern);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    return ({ key, listLength }) => {
      if (listLength === 0) return false;
      const absolute = (bound: number) => (bound < 0 ? bound + listLength : bound);
      return Number(key) >= absolute(from) && Number(key) <= absolute(to);
    };
  }
  const choice = /^\{(.*)\}$/.exec(pattern);
  if (choice) {
    const tests = choice[1].split(",").map((part) => segmentTest(part.trim()));
    return (segment) => tests.some((test) => test(segment));
  }
  if (/[*{}]/.test(pattern)) {
    if (/[{}]/.test(pattern)) {
      throw new InvalidArgumentError("selector", pattern, `"${pattern}" has an unmatched brace.`);
    }
    const regular = new RegExp(`^${pattern.split("*").map(escapeRegExp).join("[^.]*")}$`);
    return ({ key }) => regular.test(key);
  }
  return ({ key }) => key === pattern;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Compiles pattern segments to a test of a node's segments; `**` stands for any number of them. */
export function compileSegments(
  patterns: readonly string[],
): (segments: readonly Segment[]) => boolean {
  const tests = patterns.map((pattern) => (pattern === "**" ? "any" : segmentTest(pattern)));
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
