/** Values as Python's `str` and `repr` write them. */
import type { Budget } from "./budget.js";
import { wrongTemplate } from "./fault.js";
import { type Callable, Float, Record, Tuple, Undefined, type Value } from "./values.js";

/** As in `{{ value }}`. */
export function print(value: Value, budget: Budget): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  return represent(value, budget);
}

export function represent(value: Value, budget: Budget): string {
  budget.step();
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") {
    budget.make(value.length);
    return quote(value);
  }
  if (value instanceof Float) return printFloat(value.value);
  if (value instanceof Undefined) return "Undefined";
  const several = (items: readonly Value[]) => items.map((item) => represent(item, budget));
  if (Array.isArray(value)) return `[${several(value).join(", ")}]`;
  if (value instanceof Tuple) {
    return value.items.length === 1
      ? `(${several(value.items)[0]},)`
      : `(${several(value.items).join(", ")})`;
  }
  if (value instanceof Map) return `{${entries(value, budget).join(", ")}}`;
  if (value instanceof Record) {
    return value.type === "Namespace"
      ? `<Namespace {${entries(value.fields, budget).join(", ")}}>`
      : `<${value.type}>`;
  }
  throw wrongTemplate(`"${(value as Callable).name}" is printed, but not called`);
}

function entries(map: ReadonlyMap<Value, Value>, budget: Budget): string[] {
  return [...map].map(([key, value]) => `${represent(key, budget)}: ${represent(value, budget)}`);
}

/** The shortest digits that give the number back, with an exponent below 1e-4 and from 1e16 up. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa, power] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const plain =
    exponent < 0
      ? value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, "").length - 1 - exponent))
      : String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}

const named: Readonly<{ [character: string]: string }> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\\": "\\\\",
};
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\\]/gu;

/** In single quotes, unless there are some inside and no double ones. */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(unprintable, escapeCharacter);
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function escapeCharacter(character: string): string {
  if (character === " ") return character;
  if (Object.hasOwn(named, character)) return named[character];
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  if (code < 256) return `\\x${digits.padStart(2, "0")}`;
  return code < 65_536 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
