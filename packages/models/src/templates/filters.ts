/** What is done to a value after `|`. */
import { bind, realNumber, textOf, wholeNumber } from "./arguments.js";
import type { Budget } from "./budget.js";
import { wrongTemplate, wrongValue } from "./fault.js";
import { writeJson } from "./json.js";
import { formatPercent } from "./percent-format.js";
import { print } from "./print.js";
import { sequenceFilters } from "./sequence-filters.js";
import { capitalize, replaceText, strip } from "./text-methods.js";
import {
  type Arguments,
  Float,
  isDict,
  isNumber,
  isTrue,
  numberOf,
  sizeOf,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/** What filters need of the template that runs. */
export interface FilterContext {
  readonly budget: Budget;
  item(value: Value, key: Value): Value;
  attribute(value: Value, name: string): Value | undefined;
  test(name: string, value: Value, given: readonly Value[]): boolean;
  filter(name: string, value: Value, given: Arguments): Value;
}

export type Filter = (value: Value, given: Arguments, context: FilterContext) => Value;

const ofText =
  (name: string, work: (text: string) => Value): Filter =>
  (value, given, { budget }) => {
    bind(name, given, []);
    return work(print(value, budget));
  };

function fallback(value: Value, given: Arguments): Value {
  const [otherwise = "", orFalse = false] = bind("default", given, ["default_value", "boolean"]);
  const missing = value instanceof Undefined || (isTrue(orFalse) && !isTrue(value));
  return missing ? otherwise : value;
}

const escapes: readonly (readonly [string, string])[] = [
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ["'", "&#39;"],
  ['"', "&#34;"],
];
const escapeMarks = ofText("escape", (text) =>
  escapes.reduce((changed, [mark, code]) => changed.replaceAll(mark, code), text),
);

function toJson(value: Value, given: Arguments, { budget }: FilterContext): Value {
  const [ascii = false, indent = null, separators = null, sorted = false] = bind("tojson", given, [
    "ensure_ascii",
    "indent",
    "separators",
    "sort_keys",
  ]);
  const blank =
    typeof indent === "number"
      ? " ".repeat(Math.min(Math.max(0, indent), 1000))
      : textOf(indent ?? "");
  const pair = separators instanceof Tuple ? separators.items : separators;
  const usual = [indent === null ? ", " : ",", ": "] as const;
  const chosen = Array.isArray(pair) ? ([textOf(pair[0]), textOf(pair[1])] as const) : usual;
  const style = {
    ascii: isTrue(ascii),
    indent: indent === null ? undefined : blank,
    separators: chosen,
    sorted: isTrue(sorted),
  };
  const text = writeJson(value, { ...style, separators: [...chosen] }, budget);
  budget.make(text.length);
  return text;
}

function toInteger(value: Value, given: Arguments): Value {
  const [otherwise = 0, base = 10] = bind("int", given, ["default", "base"]);
  if (isNumber(value)) {
    const whole = Math.trunc(numberOf(value));
    return Number.isSafeInteger(whole) ? whole : otherwise;
  }
  const text = typeof value === "string" ? value.trim().replace(/(?<=\d)_(?=\d)/g, "") : "";
  if (base === 10 && /^[-+]?\d+(\.\d*)?$/.test(text)) return Math.trunc(Number(text));
  if (base === 10 && /^[-+]?\d*\.?\d+(e[-+]?\d+)?$/i.test(text)) return Math.trunc(Number(text));
  const digits = text.replace(/^([-+]?)0[xob]/i, "$1");
  const parsed = base === 10 ? Number.NaN : Number.parseInt(digits, wholeNumber(base));
  return Number.isNaN(parsed) ? otherwise : parsed;
}

function toFloat(value: Value, given: Arguments): Value {
  const [otherwise = new Float(0)] = bind("float", given, ["default"]);
  if (isNumber(value)) return new Float(numberOf(value));
  const text = typeof value === "string" ? value.trim() : "";
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? new Float(Number(text)) : otherwise;
}

function round(value: Value, given: Arguments): Value {
  const [precision = 0, method = "common"] = bind("round", given, ["precision", "method"]);
  const scale = 10 ** wholeNumber(precision);
  const scaled = realNumber(value) * scale;
  if (method === "ceil") return new Float(Math.ceil(scaled) / scale);
  if (method === "floor") return new Float(Math.floor(scaled) / scale);
  return new Float(roundHalfEven(realNumber(value), wholeNumber(precision)));
}

/** To the nearest by the exact value of a float; of two that are equally near the even one. */
function roundHalfEven(value: number, places: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21 || places > 40) return value;
  if (places < 0) return roundHalfEven(value / 10 ** -places, 0) * 10 ** -places;
  const digits = Math.abs(value).toFixed(places + 55);
  const end = digits.length - 55;
  const rounded = Number(value.toFixed(places));
  if (!/^50*$/.test(digits.slice(end)) || Number(digits[end - (places === 0 ? 2 : 1)]) % 2 === 1)
    return rounded;
  return Math.sign(value) * Number(digits.slice(0, end).replace(/\.$/, ""));
}

function indent(value: Value, given: Arguments, { budget }: FilterContext): Value {
  const [width = 4, first = false, blank = false] = bind("indent", given, [
    "width",
    "first",
    "blank",
  ]);
  const before =
    typeof width === "string" ? width : " ".repeat(Math.min(1000, Math.max(0, wholeNumber(width))));
  const lines = `${print(value, budget)}\n`.split("\n").slice(0, -1);
  budget.make(lines.reduce((sum, line) => sum + line.length + before.length, 0));
  const inner = lines.map((line, index) =>
    index > 0 && (line !== "" || isTrue(blank)) ? before + line : line,
  );
  return (isTrue(first) ? before : "") + inner.join("\n");
}

function truncate(value: Value, given: Arguments, { budget }: FilterContext): Value {
  const [length = 255, hard = false, end = "...", leeway = 5] = bind("truncate", given, [
    "length",
    "killwords",
    "end",
    "leeway",
  ]);
  const characters = [...print(value, budget)];
  const [most, mark] = [wholeNumber(length), textOf(end)];
  if (characters.length <= most + wholeNumber(leeway)) return characters.join("");
  const kept = characters.slice(0, Math.max(0, most - [...mark].length)).join("");
  if (isTrue(hard)) return kept + mark;
  const space = kept.lastIndexOf(" ");
  return (space < 0 ? kept : kept.slice(0, space)) + mark;
}

/** Words are divided at white space, hyphens and brackets, and written alike behind them. */
function titled(text: string): string {
  return text.replace(
    /[^-\s({[<]+/gu,
    (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
  );
}

function urlEncode(value: Value, budget: Budget): Value {
  const one = (item: Value) =>
    encodeURIComponent(print(item, budget)).replace(
      /[!'()*]/g,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  if (typeof value === "string" || isNumber(value)) return one(value).replaceAll("%2F", "/");
  if (isDict(value)) return [...value].map(([key, item]) => `${one(key)}=${one(item)}`).join("&");
  throw wrongValue("urlencode is for texts and dicts");
}

/** A text without what stands between two marks; one look at each character. */
function without(text: string, opening: string, closing: string): string {
  let [kept, at] = ["", 0];
  for (;;) {
    const start = text.indexOf(opening, at);
    const end = start < 0 ? -1 : text.indexOf(closing, start);
    if (end < 0) return kept + text.slice(at);
    kept += text.slice(at, start);
    at = end + closing.length;
  }
}

const filters: Readonly<Record<string, Filter>> = {
  ...sequenceFilters,
  default: fallback,
  d: fallback,
  ...{
    escape: escapeMarks,
    e: escapeMarks,
    forceescape: escapeMarks,
    tojson: toJson,
    int: toInteger,
    float: toFloat,
  },
  ...{ round, indent, truncate },
  safe: (value) => value,
  string: (value, _, { budget }) => print(value, budget),
  upper: ofText("upper", (text) => text.toUpperCase()),
  lower: ofText("lower", (text) => text.toLowerCase()),
  capitalize: ofText("capitalize", capitalize),
  title: ofText("title", titled),
  wordcount: ofText("wordcount", (text) => text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  striptags: ofText("striptags", (text) =>
    without(without(text, "<!--", "-->"), "<", ">")
      .split(/\s+/)
      .join(" ")
      .trim(),
  ),
  trim: (value, given, { budget }) =>
    strip(print(value, budget), bind("trim", given, ["chars"])[0], "both"),
  abs: (value) =>
    value instanceof Float ? new Float(Math.abs(value.value)) : Math.abs(realNumber(value)),
  format: (value, { list, named }, { budget }) =>
    formatPercent(print(value, budget), named.size > 0 ? new Map(named) : new Tuple(list), budget),
  urlencode: (value, _, { budget }) => urlEncode(value, budget),
  center: (value, given, { budget }) => {
    const width = wholeNumber(bind("center", given, ["width"])[0] ?? 80);
    const text = print(value, budget);
    const missing = Math.max(0, width - [...text].length);
    budget.make(missing);
    const left = Math.floor(missing / 2) + (missing & width & 1);
    return " ".repeat(left) + text + " ".repeat(missing - left);
  },
  replace: (value, given, { budget }) => {
    const [old, fresh, count = null] = bind("replace", given, ["old", "new", "count"], 2);
    const most = count === null ? -1 : wholeNumber(count);
    return replaceText(
      print(value, budget),
      print(old!, budget),
      print(fresh!, budget),
      most,
      budget,
    );
  },
};

/** Those of Jinja that make no prompt. */
const missing = new Set("random urlize xmlattr filesizeformat pprint wordwrap".split(" "));

/** Those that look at each character for long. */
const heavy = new Set(
  "title wordcount urlencode truncate sort unique groupby dictsort min max".split(" "),
);

export const isFilterName = (name: string) => Object.hasOwn(filters, name);

export function applyFilter(
  name: string,
  value: Value,
  given: Arguments,
  context: FilterContext,
): Value {
  if (isFilterName(name)) {
    context.budget.pass(sizeOf(value), heavy.has(name) ? 24 : 1);
    return filters[name](value, given, context);
  }
  throw wrongTemplate(
    missing.has(name) ? `the filter "${name}" is not implemented` : `there is no filter "${name}"`,
  );
}
