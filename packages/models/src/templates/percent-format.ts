/** `"%s of %d" % values`, as Python formats. */
import { realNumber } from "./arguments.js";
import type { Budget } from "./budget.js";
import { wrongValue } from "./fault.js";
import { print, represent } from "./print.js";
import { isDict, lookUp, Tuple, type Value } from "./values.js";

const places = /%(?:\((\w+)\))?([-+ 0#]*)(\d{1,4})?(?:\.(\d{1,3}))?([sdirfgexXo%])?/g;

export function formatPercent(format: string, given: Value, budget: Budget): string {
  const values = given instanceof Tuple ? given.items : [given];
  let next = 0;
  const text = format.replace(places, (whole, name, flags, width, precision, kind) => {
    if (kind === undefined) throw wrongValue(`unsupported format "${whole}"`);
    if (kind === "%") return "%";
    const value =
      name !== undefined && isDict(given) ? lookUp(given, name, budget) : values[next++];
    if (value === undefined) throw wrongValue("not enough arguments for format string");
    const body = convert(
      kind,
      value,
      precision === undefined ? undefined : Number(precision),
      budget,
    );
    const signed =
      flags.includes("+") && !"sr".includes(kind) && !body.startsWith("-") ? `+${body}` : body;
    budget.make(Number(width ?? 0));
    return pad(signed, Number(width ?? 0), flags, kind);
  });
  if (!isDict(given) && next < values.length) {
    throw wrongValue("not all arguments converted during string formatting");
  }
  budget.make(text.length);
  return text;
}

function convert(
  kind: string,
  value: Value,
  precision: number | undefined,
  budget: Budget,
): string {
  if (kind === "s" || kind === "r") {
    const text = kind === "s" ? print(value, budget) : represent(value, budget);
    return precision === undefined ? text : [...text].slice(0, precision).join("");
  }
  const number = realNumber(value);
  switch (kind) {
    case "f":
      return number.toFixed(precision ?? 6);
    case "e":
      return number.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
    case "g":
      return String(Number(number.toPrecision(precision || 6)));
    case "x":
      return Math.trunc(number).toString(16);
    case "X":
      return Math.trunc(number).toString(16).toUpperCase();
    case "o":
      return Math.trunc(number).toString(8);
    default:
      return String(Math.trunc(number));
  }
}

function pad(text: string, width: number, flags: string, kind: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0") || "sr".includes(kind)) return " ".repeat(missing) + text;
  const sign = /^[-+]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}
