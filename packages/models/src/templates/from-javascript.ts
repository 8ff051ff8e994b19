/** The values that a caller gives a template, as Python would have them. */
import { isMap } from "@mlxterp/mlx";
import { wrongValue } from "./fault.js";
import type { Value } from "./values.js";
import { Float } from "./values.js";

const deepest = 200;

/**
 * @param name of the value, for messages
 * @throws TemplateFault for what has no counterpart, such as a function or a list in itself
 */
export function fromJavaScript(value: unknown, name: string, depth = 0): Value {
  if (depth > deepest) throw wrongValue(`${name} is nested more than ${deepest} deep`);
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : new Float(value);
  const inner = (item: unknown, key: string) => fromJavaScript(item, `${name}.${key}`, depth + 1);
  if (Array.isArray(value)) return value.map((item, index) => inner(item, String(index)));
  if (isMap(value)) {
    return new Map([...value].map(([key, item]) => [String(key), inner(item, String(key))]));
  }
  if (typeof value !== "object") throw wrongValue(`${name} is a ${typeof value}`);
  const given = Object.entries(value).filter(([, item]) => item !== undefined);
  return new Map(given.map(([key, item]) => [key, inner(item, key)]));
}
