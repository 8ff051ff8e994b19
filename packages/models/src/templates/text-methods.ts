/** The methods of texts. */
import { bind, textOf, wholeNumber } from "./arguments.js";
import { formatBraces } from "./brace-format.js";
import type { Budget } from "./budget.js";
import { wrongValue } from "./fault.js";
import { type Arguments, iterate, Tuple, typeName, type Value } from "./values.js";

type Method = (text: string, given: Arguments, budget: Budget) => Value;

const none = (name: string, work: (text: string) => Value): [string, Method] => [
  name,
  (text, given) => {
    bind(name, given, []);
    return work(text);
  },
];
const every = (name: string, expression: RegExp, empty = false) =>
  none(name, (text) => (text === "" ? empty : expression.test(text)));

/** White space as Python's `str.strip` takes it. */
const spaces = "[\\s\\x1c-\\x1f\\x85]";
const isSpace = new RegExp(`^${spaces}$`, "u");

function trimEnd(text: string, drops: (character: string) => boolean): string {
  let end = text.length;
  for (;;) {
    const [last = ""] = text.slice(Math.max(0, end - 2), end).match(/.$/su) ?? [];
    if (last === "" || !drops(last)) return text.slice(0, end);
    end -= last.length;
  }
}

function trimStart(text: string, drops: (character: string) => boolean): string {
  let start = 0;
  for (const character of text) {
    if (!drops(character)) break;
    start += character.length;
  }
  return text.slice(start);
}

/** @param sides of the text that are stripped */
export function strip(
  text: string,
  characters: Value | undefined,
  sides: "both" | "left" | "right",
): string {
  const set =
    characters === undefined || characters === null ? undefined : new Set(textOf(characters));
  const drops = (character: string) => (set ? set.has(character) : isSpace.test(character));
  const left = sides === "right" ? text : trimStart(text, drops);
  return sides === "left" ? left : trimEnd(left, drops);
}

const stripping = (name: string, sides: "both" | "left" | "right"): [string, Method] => [
  name,
  (text, given) => strip(text, bind(name, given, ["chars"])[0], sides),
];

export const capitalize = (text: string) => {
  const [first = "", ...rest] = text;
  return titleCase(first) + lower(rest.join(""));
};
const titleCase = (letter: string) => (letter === "ß" ? "Ss" : letter.toUpperCase());
const lower = (text: string) => text.toLowerCase();

/** A sigma that ends a word is written otherwise. */
const withFinalSigma = (text: string, before: string) =>
  before.includes("Σ") ? text.replace(/(?<=\p{L})σ(?!\p{L})/gu, "ς") : text;

/** Every run of letters begins with a capital. */
function title(text: string): string {
  let wasLetter = false;
  const titled = [...text].map((character) => {
    const changed = wasLetter ? lower(character) : titleCase(character);
    wasLetter = /[\p{Lu}\p{Ll}\p{Lt}]/u.test(character);
    return changed;
  });
  return withFinalSigma(titled.join(""), text);
}

function splitter(name: string, fromRight: boolean): [string, Method] {
  return [
    name,
    (text, given) => {
      const [separator, most] = bind(name, given, ["sep", "maxsplit"]);
      const limit = most === undefined ? -1 : wholeNumber(most);
      if (separator === undefined || separator === null) return splitSpaces(text, limit, fromRight);
      const mark = textOf(separator);
      if (mark === "") throw wrongValue("empty separator");
      const parts = text.split(mark);
      if (limit < 0 || parts.length <= limit + 1) return parts;
      return fromRight
        ? [parts.slice(0, parts.length - limit).join(mark), ...parts.slice(parts.length - limit)]
        : [...parts.slice(0, limit), parts.slice(limit).join(mark)];
    },
  ];
}

function splitSpaces(text: string, limit: number, fromRight: boolean): string[] {
  const words = [
    ...strip(text, undefined, "both").matchAll(new RegExp(`(?:(?!${spaces}).)+`, "gsu")),
  ];
  if (limit < 0 || words.length <= limit + 1) return words.map(([word]) => word);
  const whole = strip(text, undefined, "both");
  if (fromRight) {
    const kept = words.slice(words.length - limit);
    const end = words[words.length - limit - 1];
    const first =
      fromRight &&
      strip(text, undefined, "right").slice(
        0,
        text.length - text.trimStart().length + end.index + end[0].length,
      );
    return [
      limit === 0 ? strip(text, undefined, "right") : first || "",
      ...kept.map(([word]) => word),
    ];
  }
  const rest = strip(text, undefined, "left");
  const offset = whole.length === 0 ? 0 : words[limit].index;
  return [...words.slice(0, limit).map(([word]) => word), rest.slice(offset)];
}

/** A place counted in characters, or -1. */
function find(name: string, last: boolean, fails: boolean): [string, Method] {
  return [
    name,
    (text, given) => {
      const [sought, start, end] = bind(name, given, ["sub", "start", "end"], 1);
      const characters = [...text];
      const from = start === undefined || start === null ? 0 : wholeNumber(start);
      const to = end === undefined || end === null ? characters.length : wholeNumber(end);
      const low = Math.max(0, from < 0 ? from + characters.length : from);
      const part = characters.slice(low, to < 0 ? to + characters.length : to).join("");
      const at = last ? part.lastIndexOf(textOf(sought!)) : part.indexOf(textOf(sought!));
      if (at < 0 && fails) throw wrongValue("substring not found");
      return at < 0 ? -1 : low + [...part.slice(0, at)].length;
    },
  ];
}

function borders(name: "startsWith" | "endsWith"): Method {
  return (text, given) => {
    const [sought, start, end] = bind(name.toLowerCase(), given, ["prefix", "start", "end"], 1);
    const bounds = [start, end].map((bound) =>
      bound === undefined || bound === null ? undefined : wholeNumber(bound),
    );
    const part = [...text].slice(bounds[0] ?? 0, bounds[1]).join("");
    const marks = sought instanceof Tuple ? sought.items : [sought!];
    return marks.some((mark) => part[name](textOf(mark)));
  };
}

function justify(name: string, before: (missing: number) => number): [string, Method] {
  return [
    name,
    (text, given, budget) => {
      const [width, fill] = bind(name, given, ["width", "fillchar"], 1);
      const missing = Math.max(0, wholeNumber(width!) - [...text].length);
      budget.make(missing);
      const mark = fill === undefined ? " " : textOf(fill);
      const left = before(missing);
      return mark.repeat(left) + text + mark.repeat(missing - left);
    },
  ];
}

export function replaceText(
  text: string,
  old: string,
  fresh: string,
  most: number,
  budget: Budget,
): string {
  const parts = old === "" ? ["", ...text, ""] : text.split(old);
  const count = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  budget.make(text.length + count * fresh.length);
  if (count === parts.length - 1) return parts.join(fresh);
  return [parts.slice(0, count + 1).join(fresh), ...parts.slice(count + 1)].join(old);
}

function partition(name: string, last: boolean): [string, Method] {
  return [
    name,
    (text, given) => {
      const mark = textOf(bind(name, given, ["sep"], 1)[0]!);
      if (mark === "") throw wrongValue("empty separator");
      const at = last ? text.lastIndexOf(mark) : text.indexOf(mark);
      if (at < 0) return new Tuple(last ? ["", "", text] : [text, "", ""]);
      return new Tuple([text.slice(0, at), mark, text.slice(at + mark.length)]);
    },
  ];
}

const lineEnd = "\\r\\n|[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]";
const lineEnds = new RegExp(lineEnd, "g");

function splitLines(text: string, keeps: boolean): string[] {
  const lines: string[] = [];
  let at = 0;
  for (const { 0: mark, index } of text.matchAll(lineEnds)) {
    lines.push(text.slice(at, keeps ? index + mark.length : index));
    at = index + mark.length;
  }
  if (at < text.length) lines.push(text.slice(at));
  return lines;
}

const cased = (test: (text: string) => boolean) => (text: string) =>
  /[\p{Lu}\p{Ll}\p{Lt}]/u.test(text) && test(text);

export const textMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  none("upper", (text) => text.toUpperCase()),
  none("lower", lower),
  none("casefold", (text) => lower(text.replaceAll("ß", "ss"))),
  none("capitalize", capitalize),
  none("title", title),
  none("swapcase", (text) =>
    withFinalSigma(
      [...text]
        .map((letter) => (letter === letter.toUpperCase() ? lower(letter) : letter.toUpperCase()))
        .join(""),
      text,
    ),
  ),
  stripping("strip", "both"),
  stripping("lstrip", "left"),
  stripping("rstrip", "right"),
  splitter("split", false),
  splitter("rsplit", true),
  find("find", false, false),
  find("rfind", true, false),
  find("index", false, true),
  find("rindex", true, true),
  ["startswith", borders("startsWith")],
  ["endswith", borders("endsWith")],
  partition("partition", false),
  partition("rpartition", true),
  justify("ljust", () => 0),
  justify("rjust", (missing) => missing),
  justify("center", (missing) => Math.floor(missing / 2)),
  every("isalpha", /^\p{L}+$/u),
  every("isdigit", /^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2089]+$/u),
  every("isdecimal", /^\p{Nd}+$/u),
  every("isnumeric", /^\p{N}+$/u),
  every("isalnum", /^[\p{L}\p{N}]+$/u),
  every("isspace", new RegExp(`^${spaces}+$`, "u")),
  every("isascii", /^[^\u0080-\u{10ffff}]*$/u, true),
  every("isidentifier", /^[\p{ID_Start}_]\p{ID_Continue}*$/u),
  none(
    "isupper",
    cased((text) => !/[\p{Ll}\p{Lt}]/u.test(text)),
  ),
  none(
    "islower",
    cased((text) => !/[\p{Lu}\p{Lt}]/u.test(text)),
  ),
  none(
    "istitle",
    cased((text) => text === title(text)),
  ),
  [
    "replace",
    (text, given, budget) => {
      const [old, fresh, count] = bind("replace", given, ["old", "new", "count"], 2);
      return replaceText(
        text,
        textOf(old!),
        textOf(fresh!),
        count === undefined ? -1 : wholeNumber(count),
        budget,
      );
    },
  ],
  [
    "join",
    (text, given, budget) => {
      const items = iterate(bind("join", given, ["iterable"], 1)[0]!);
      const texts = items.map((item, index) => {
        if (typeof item === "string") return item;
        throw wrongValue(`sequence item ${index}: expected str instance, ${typeName(item)} found`);
      });
      budget.make(texts.reduce((sum, item) => sum + item.length + text.length, 0));
      return texts.join(text);
    },
  ],
  [
    "count",
    (text, given) => {
      const sought = textOf(bind("count", given, ["sub"], 1)[0]!);
      return sought === "" ? [...text].length + 1 : text.split(sought).length - 1;
    },
  ],
  [
    "splitlines",
    (text, given) => splitLines(text, bind("splitlines", given, ["keepends"])[0] === true),
  ],
  [
    "zfill",
    (text, given, budget) => {
      const width = wholeNumber(bind("zfill", given, ["width"], 1)[0]!);
      const sign = /^[-+]/.exec(text)?.[0] ?? "";
      const missing = Math.max(0, width - [...text].length);
      budget.make(missing);
      return sign + "0".repeat(missing) + text.slice(sign.length);
    },
  ],
  [
    "removeprefix",
    (text, given) => {
      const mark = textOf(bind("removeprefix", given, ["prefix"], 1)[0]!);
      return text.startsWith(mark) ? text.slice(mark.length) : text;
    },
  ],
  [
    "removesuffix",
    (text, given) => {
      const mark = textOf(bind("removesuffix", given, ["suffix"], 1)[0]!);
      return mark !== "" && text.endsWith(mark) ? text.slice(0, -mark.length) : text;
    },
  ],
  [
    "expandtabs",
    (text, given, budget) => {
      const [size] = bind("expandtabs", given, ["tabsize"]);
      const width = size === undefined ? 8 : wholeNumber(size);
      budget.make(text.length * Math.max(1, width));
      let column = 0;
      return text.replace(/\t|[\n\r]|[^\t\n\r]+/g, (part) => {
        if (part !== "\t") {
          column = /[\n\r]/.test(part) ? 0 : column + [...part].length;
          return part;
        }
        const count = width <= 0 ? 0 : width - (column % width);
        column += count;
        return " ".repeat(count);
      });
    },
  ],
  ["format", formatBraces],
]);
