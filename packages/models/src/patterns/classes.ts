/** Character classes of regular expressions, rewritten as JavaScript's `v` flag reads them. */
import { PatternSyntaxError } from "./syntax.js";

const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200C\\u200D";

/** What a letter after a backslash stands for, as the inside of a class. */
const shorthands: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  w: `[${word}]`,
  W: `[^${word}]`,
  h: "[0-9A-Fa-f]",
  H: "[^0-9A-Fa-f]",
};

const posix: Readonly<Record<string, string>> = {
  alpha: "\\p{Alphabetic}",
  alnum: "[\\p{Alphabetic}\\p{Nd}]",
  digit: "\\p{Nd}",
  lower: "\\p{Lowercase}",
  upper: "\\p{Uppercase}",
  space: "\\p{White_Space}",
  blank: "[\\t\\p{Zs}]",
  punct: "[\\p{P}\\p{S}]",
  cntrl: "\\p{Cc}",
  word: `[${word}]`,
  xdigit: "[0-9A-Fa-f]",
};

const controls: Readonly<Record<string, number>> = {
  n: 10,
  r: 13,
  t: 9,
  f: 12,
  v: 11,
  a: 7,
  e: 27,
};

export interface ReadAtom {
  /** To stand inside a class. */
  readonly source: string;
  /** Undefined for a set of several. */
  readonly code: number | undefined;
  readonly end: number;
}

/** One character as the inside of a class, whatever it means there. */
export const literal = (code: number) => `\\u{${code.toString(16)}}`;

/** @param at of the backslash */
export function readEscape(pattern: string, at: number): ReadAtom {
  const letter = pattern[at + 1];
  if (letter === undefined) throw new PatternSyntaxError("it ends in a backslash");
  const short = Object.hasOwn(shorthands, letter) ? shorthands[letter] : undefined;
  if (short !== undefined) return { source: short, code: undefined, end: at + 2 };
  if (letter === "p" || letter === "P") return readProperty(pattern, at);
  if (letter === "x" || letter === "u") return readCode(pattern, at);
  const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
  if (control === undefined && /[A-Za-z0-9]/.test(letter)) {
    throw new PatternSyntaxError(`\\${letter} is not implemented`);
  }
  const code = control ?? pattern.codePointAt(at + 1)!;
  return { source: literal(code), code, end: at + 1 + String.fromCodePoint(code).length };
}

function readProperty(pattern: string, at: number): ReadAtom {
  const found = /^\\([pP])(?:\{(\^?)([\w= ]+)\}|(\w))/.exec(pattern.slice(at, at + 64));
  if (!found) throw new PatternSyntaxError("\\p without a property");
  const [whole, letter, inverted, long, short] = found;
  const name = (long ?? short).replaceAll(" ", "_");
  const kind = (letter === "P") !== (inverted === "^") ? "P" : "p";
  const sources = [`\\${kind}{${name}}`, `\\${kind}{Script=${name}}`];
  const source = sources.find(isClass);
  if (!source) throw new PatternSyntaxError(`\\p{${name}} is no property of Unicode`);
  return { source, code: undefined, end: at + whole.length };
}

function isClass(source: string): boolean {
  try {
    return new RegExp(source, "v") instanceof RegExp;
  } catch {
    return false; // a name that Unicode has not
  }
}

function readCode(pattern: string, at: number): ReadAtom {
  const found = /^\\(?:[xu]\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/.exec(
    pattern.slice(at, at + 12),
  );
  const code = found ? Number.parseInt(found[1] ?? found[2] ?? found[3], 16) : Number.NaN;
  if (!found || code > 0x10ffff) throw new PatternSyntaxError("a code point is not one");
  return { source: literal(code), code, end: at + found[0].length };
}

/** @param at of the opening bracket */
export function readClass(pattern: string, at: number, depth = 0): ReadAtom {
  if (depth > 20) throw new PatternSyntaxError("its classes are nested more than 20 deep");
  const negated = pattern[at + 1] === "^";
  const operands: string[][] = [[]];
  let next = at + (negated ? 2 : 1);
  const first = next;
  while (pattern[next] !== "]" || next === first) {
    if (next >= pattern.length) throw new PatternSyntaxError("a class is not closed");
    if (pattern.startsWith("&&", next)) {
      operands.push([]);
      next += 2;
      continue;
    }
    const item = readItem(pattern, next, depth);
    operands[operands.length - 1].push(item.source);
    next = item.end;
  }
  if (operands.some((operand) => operand.length === 0)) {
    throw new PatternSyntaxError("a class has an empty part");
  }
  const parts = operands.map((operand) => `[${operand.join("")}]`);
  const source = `[${negated ? "^" : ""}${parts.join("&&")}]`;
  return { source, code: undefined, end: next + 1 };
}

/** A character, a range, a nested class or a set with a name. */
function readItem(pattern: string, at: number, depth: number): ReadAtom {
  const named = /^\[:(\^?)(\w+):\]/.exec(pattern.slice(at, at + 16));
  if (named) {
    const set = Object.hasOwn(posix, named[2]) ? posix[named[2]] : undefined;
    if (!set) throw new PatternSyntaxError(`[:${named[2]}:] is not implemented`);
    const source = named[1] ? `[^${set}]` : set;
    return { source, code: undefined, end: at + named[0].length };
  }
  if (pattern[at] === "[") return readClass(pattern, at, depth + 1);
  const from = readOne(pattern, at);
  const isRange =
    pattern[from.end] === "-" && pattern[from.end + 1] !== "]" && from.code !== undefined;
  if (!isRange) return from;
  const to = readOne(pattern, from.end + 1);
  if (to.code === undefined || to.code < from.code!) {
    throw new PatternSyntaxError("a range of characters is out of order");
  }
  return { source: `${from.source}-${to.source}`, code: undefined, end: to.end };
}

function readOne(pattern: string, at: number): ReadAtom {
  if (pattern[at] === "\\") {
    if (pattern[at + 1] === "b") return { source: literal(8), code: 8, end: at + 2 };
    return readEscape(pattern, at);
  }
  const code = pattern.codePointAt(at);
  if (code === undefined) throw new PatternSyntaxError("a class is not closed");
  return { source: literal(code), code, end: at + (code > 0xffff ? 2 : 1) };
}
