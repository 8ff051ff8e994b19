/** `"{} of {name}".format(…)`, as Python formats. */
import type { Budget } from "./budget.js";
import { wrongTemplate, wrongValue } from "./fault.js";
import { print, represent } from "./print.js";
import { type Arguments, Float, firstOf, isNumber, numberOf, type Value } from "./values.js";

const places = /\{\{|\}\}|\{(\w*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;

export function formatBraces(text: string, { list, named }: Arguments, budget: Budget): string {
  let next = 0;
  const formatted = text.replace(places, (whole, name, conversion, style) => {
    if (whole === "{{" || whole === "}}") return whole[0];
    if (whole.length === 1) throw wrongValue(`single '${whole}' in a format`);
    const value = name === "" ? list[next++] : firstOf(list[Number(name)], named.get(name));
    if (value === undefined) throw wrongValue(`nothing is given for "${whole}"`);
    const shown = conversion === "r" ? represent(value, budget) : value;
    return applyStyle(shown, style ?? "", budget);
  });
  budget.make(formatted.length);
  return formatted;
}

/** Python's small language of formats: fill, alignment, sign, width, precision and kind. */
function applyStyle(value: Value, style: string, budget: Budget): string {
  const found = /^(?:(.)?([<>^]))?(\+)?(0)?(\d{0,4})(,)?(?:\.(\d{1,3}))?([sdf%])?$/u.exec(style);
  if (!found) throw wrongTemplate(`the format "${style}" is not implemented`);
  const [, fill, side, sign, zero, width, comma, precision, kind] = found;
  let text = print(value, budget);
  if (isNumber(value)) text = numberText(value, kind, precision, comma !== undefined);
  else if (precision !== undefined) text = [...text].slice(0, Number(precision)).join("");
  if (sign && !text.startsWith("-")) text = `+${text}`;
  const missing = Math.max(0, Number(width) - [...text].length);
  budget.make(missing);
  const mark = fill ?? (zero ? "0" : " ");
  const placed = side ?? (isNumber(value) ? ">" : "<");
  const left = placed === ">" ? missing : placed === "^" ? Math.floor(missing / 2) : 0;
  return mark.repeat(left) + text + mark.repeat(missing - left);
}

function numberText(
  value: number | boolean | Float,
  kind: string | undefined,
  precision: string | undefined,
  comma: boolean,
): string {
  const number = numberOf(value);
  const digits = precision === undefined ? undefined : Number(precision);
  let text = value instanceof Float ? String(number) : String(number);
  if (kind === "%") text = `${(number * 100).toFixed(digits ?? 6)}%`;
  else if (kind === "f" || digits !== undefined) text = number.toFixed(digits ?? 6);
  return comma ? text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",") : text;
}
