/** What a value is asked after `is`. */
import { realNumber } from "./arguments.js";
import type { Budget } from "./budget.js";
import { wrongTemplate } from "./fault.js";
import { compares } from "./operators.js";
import { print } from "./print.js";
import { Callable, Float, isDict, isNumber, Tuple, Undefined, type Value } from "./values.js";

type Test = (value: Value, given: readonly Value[], budget: Budget) => boolean;

const comparing =
  (operator: string): Test =>
  (value, [other = null], budget) =>
    compares(operator, value, other, budget);
const isSequence = (value: Value) =>
  typeof value === "string" ||
  Array.isArray(value) ||
  value instanceof Tuple ||
  isDict(value) ||
  value instanceof Undefined;

const tests: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === "number",
  float: (value) => value instanceof Float,
  number: (value) => isNumber(value),
  string: (value) => typeof value === "string",
  mapping: (value) => isDict(value),
  sequence: isSequence,
  iterable: isSequence,
  callable: (value) => value instanceof Callable,
  sameas: (value, [other], budget) =>
    isNumber(value)
      ? compares("==", value, other, budget) && typeof value === typeof other
      : value === other,
  escaped: () => false,
  odd: (value) => Math.abs(realNumber(value) % 2) === 1,
  even: (value) => realNumber(value) % 2 === 0,
  divisibleby: (value, [by]) => realNumber(value) % realNumber(by) === 0,
  lower: (value, _, budget) => {
    const text = print(value, budget);
    return text === text.toLowerCase() && /[\p{Ll}]/u.test(text);
  },
  upper: (value, _, budget) => {
    const text = print(value, budget);
    return text === text.toUpperCase() && /[\p{Lu}]/u.test(text);
  },
  in: comparing("in"),
  ...Object.fromEntries(
    [
      ["==", "eq", "equalto"],
      ["!=", "ne"],
      [">", "gt", "greaterthan"],
      [">=", "ge"],
      ["<", "lt", "lessthan"],
      ["<=", "le"],
    ].flatMap((names) => names.map((name) => [name, comparing(names[0])])),
  ),
};

const isTestName = (name: string) => Object.hasOwn(tests, name);

export function applyTest(
  name: string,
  value: Value,
  given: readonly Value[],
  budget: Budget,
  isFilterName: (name: string) => boolean,
): boolean {
  if (name === "filter") return isFilterName(print(value, budget));
  if (name === "test") return isTestName(print(value, budget));
  if (!isTestName(name)) throw wrongTemplate(`there is no test "${name}"`);
  return tests[name](value, given, budget);
}
