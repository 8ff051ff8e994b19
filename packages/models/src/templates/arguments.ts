/** Arguments of filters, tests, methods and globals, by place or by name. */
import { wrongValue } from "./fault.js";
import { type Arguments, isNumber, numberOf, typeName, type Value } from "./values.js";

export const noGiven: Arguments = { list: [], named: new Map() };

/**
 * @param name of what is called, for messages
 * @param names of its parameters; those from `least` on may be left out
 */
export function bind(
  name: string,
  { list, named }: Arguments,
  names: readonly string[],
  least = 0,
): (Value | undefined)[] {
  if (list.length > names.length) {
    throw wrongValue(`${name}() takes ${names.length} arguments but ${list.length} were given`);
  }
  const found: (Value | undefined)[] = names.map((_, index) => list[index]);
  for (const [key, value] of named) {
    const index = names.indexOf(key);
    if (index < 0) throw wrongValue(`${name}() got an unexpected keyword argument '${key}'`);
    if (index < list.length)
      throw wrongValue(`${name}() got multiple values for argument '${key}'`);
    found[index] = value;
  }
  const missing = names.findIndex((_, index) => index < least && found[index] === undefined);
  if (missing >= 0) throw wrongValue(`${name}() is missing the argument '${names[missing]}'`);
  return found;
}

export function wholeNumber(value: Value): number {
  if (typeof value === "number" || typeof value === "boolean") return Number(value);
  throw wrongValue(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

export function realNumber(value: Value): number {
  if (isNumber(value)) return numberOf(value);
  throw wrongValue(`must be a number, not ${typeName(value)}`);
}

export function textOf(value: Value): string {
  if (typeof value === "string") return value;
  throw wrongValue(`must be str, not ${typeName(value)}`);
}
