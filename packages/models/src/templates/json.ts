/** Values as Python's `json.dumps` writes them. */
import type { Budget } from "./budget.js";
import { wrongValue } from "./fault.js";
import { printFloat } from "./print.js";
import { compareValues, Float, isDict, Tuple, typeName, type Value } from "./values.js";

export interface JsonStyle {
  readonly ascii: boolean;
  /** What a level is indented with; undefined for one line. */
  readonly indent: string | undefined;
  readonly separators: readonly [string, string];
  readonly sorted: boolean;
}

export function writeJson(value: Value, style: JsonStyle, budget: Budget, level = 0): string {
  budget.step();
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return String(value);
  if (value instanceof Float) return writeFloat(value.value);
  if (typeof value === "string") {
    budget.make(value.length);
    return writeText(value, style.ascii);
  }
  const items = value instanceof Tuple ? value.items : value;
  if (Array.isArray(items)) {
    const inner = items.map((item) => writeJson(item, style, budget, level + 1));
    return enclose("[", inner, "]", style, level);
  }
  if (!isDict(value)) {
    throw wrongValue(`Object of type ${typeName(value)} is not JSON serializable`);
  }
  const entries = style.sorted
    ? [...value].sort(([a], [b]) => compareValues(a, b, budget))
    : [...value];
  const inner = entries.map(([key, item]) => {
    const name = writeText(nameOf(key), style.ascii);
    return name + style.separators[1] + writeJson(item, style, budget, level + 1);
  });
  return enclose("{", inner, "}", style, level);
}

function enclose(
  open: string,
  inner: readonly string[],
  close: string,
  { indent, separators: [comma] }: JsonStyle,
  level: number,
): string {
  if (indent === undefined || inner.length === 0) return open + inner.join(comma) + close;
  const line = `\n${indent.repeat(level + 1)}`;
  return `${open}${line}${inner.join(comma + line)}\n${indent.repeat(level)}${close}`;
}

function writeFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? printFloat(value) : value > 0 ? "Infinity" : "-Infinity";
}

function nameOf(key: Value): string {
  if (typeof key === "string") return key;
  if (key === null || typeof key === "boolean" || typeof key === "number") return String(key);
  if (key instanceof Float) return writeFloat(key.value);
  throw wrongValue(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function writeText(text: string, ascii: boolean): string {
  const escaped = JSON.stringify(text).replace(/\\u[dD][89a-fA-F][\da-fA-F]{2}/g, (code) =>
    ascii ? code : String.fromCharCode(Number.parseInt(code.slice(2), 16)),
  );
  if (!ascii) return escaped;
  return escaped.replace(/[\u007f-\uffff]/g, (unit) =>
    unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
