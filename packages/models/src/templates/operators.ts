/** Arithmetic, comparison and parts of sequences. */
import { wholeNumber } from "./arguments.js";
import type { Budget } from "./budget.js";
import { TemplateFault, wrongValue } from "./fault.js";
import { formatPercent } from "./percent-format.js";
import { print } from "./print.js";
import {
  compareValues,
  defined,
  Float,
  isDict,
  isEqual,
  isNumber,
  iterate,
  lookUp,
  numberOf,
  sizeOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

export function operate(operator: string, left: Value, right: Value, budget: Budget): Value {
  if (operator === "~") return joinTexts(print(left, budget), print(right, budget), budget);
  defined(left);
  defined(right);
  if (isNumber(left) && isNumber(right)) return calculate(operator, left, right);
  if (operator === "+") return add(left, right, budget);
  if (operator === "*") {
    if (isNumber(left) && !(left instanceof Float)) return repeat(right, Number(left), budget);
    if (isNumber(right) && !(right instanceof Float)) return repeat(left, Number(right), budget);
  }
  if (operator === "%" && typeof left === "string") return formatPercent(left, right, budget);
  throw unsupported(operator, left, right);
}

const unsupported = (operator: string, left: Value, right: Value) =>
  wrongValue(
    `unsupported operand types for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  );

function joinTexts(left: string, right: string, budget: Budget): string {
  budget.make(left.length + right.length);
  return left + right;
}

function add(left: Value, right: Value, budget: Budget): Value {
  if (typeof left === "string" && typeof right === "string") return joinTexts(left, right, budget);
  if (Array.isArray(left) && Array.isArray(right)) {
    budget.make(16 * (left.length + right.length));
    return [...left, ...right];
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    budget.make(16 * (left.items.length + right.items.length)); // an item takes more than a character
    return new Tuple([...left.items, ...right.items]);
  }
  throw unsupported("+", left, right);
}

function repeat(value: Value, count: number, budget: Budget): Value {
  const times = Math.max(0, count);
  const length = typeof value === "string" ? value.length : iterate(value).length;
  budget.make((typeof value === "string" ? 1 : 16) * length * times + (times > 0 ? 1 : 0));
  if (typeof value === "string") return value.repeat(length === 0 ? 0 : times);
  const repeated = () =>
    length === 0 ? [] : Array.from({ length: times }, () => iterate(value)).flat();
  if (Array.isArray(value)) return repeated();
  if (value instanceof Tuple) return new Tuple(repeated());
  throw unsupported("*", value, count);
}

/** Whole numbers stay whole, but for a quotient. */
function calculate(
  operator: string,
  left: number | boolean | Float,
  right: number | boolean | Float,
): Value {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (b === 0 && ["/", "//", "%"].includes(operator)) throw wrongValue("division by zero");
  const real = left instanceof Float || right instanceof Float;
  const value = result(operator, a, b);
  if (real || operator === "/" || (operator === "**" && b < 0)) return new Float(value);
  if (Number.isSafeInteger(value)) return value;
  throw new TemplateFault("limit", `${a} ${operator} ${b} is beyond 2 ** 53`);
}

function result(operator: string, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%": {
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
    }
    default:
      return a ** b;
  }
}

export function negate(value: Value): Value {
  if (value instanceof Float) return new Float(-value.value);
  if (isNumber(value)) return 0 - Number(value);
  throw wrongValue(`bad operand type for unary -: '${typeName(value)}'`);
}

export function compares(operator: string, left: Value, right: Value, budget: Budget): boolean {
  switch (operator) {
    case "==":
      return isEqual(left, right, budget);
    case "!=":
      return !isEqual(left, right, budget);
    case "in":
      return contains(right, left, budget);
    case "not in":
      return !contains(right, left, budget);
    default:
      return isOrdered(operator, compareValues(defined(left), defined(right), budget));
  }
}

function isOrdered(operator: string, order: number): boolean {
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function contains(holder: Value, value: Value, budget: Budget): boolean {
  if (typeof holder === "string") budget.read(holder.length);
  if (typeof holder === "string") {
    if (typeof value === "string") return holder.includes(value);
    throw wrongValue(`'in <string>' requires string as left operand, not ${typeName(value)}`);
  }
  if (isDict(holder)) return lookUp(holder, value, budget) !== undefined;
  return iterate(holder).some((item) => isEqual(item, value, budget));
}

/** @returns undefined where there is none */
export function itemOf(holder: Value, key: Value, budget: Budget): Value | undefined {
  if (isDict(holder)) return lookUp(holder, key, budget);
  const items = holder instanceof Tuple ? holder.items : holder;
  if (
    (typeof items !== "string" && !Array.isArray(items)) ||
    !isNumber(key) ||
    key instanceof Float
  ) {
    return undefined;
  }
  if (typeof items === "string") budget.pass(items.length);
  const list = typeof items === "string" ? [...items] : items;
  const index = Number(key);
  return list[index < 0 ? index + list.length : index];
}

/** `holder[start:stop:step]` */
export function sliceOf(
  holder: Value,
  bounds: readonly (Value | undefined)[],
  budget: Budget,
): Value {
  defined(holder);
  budget.pass(sizeOf(holder));
  if (typeof holder !== "string" && !Array.isArray(holder) && !(holder instanceof Tuple)) {
    throw wrongValue(`'${typeName(holder)}' object has no slices`);
  }
  const [start, stop, step] = bounds.map((bound) =>
    bound === undefined || bound === null || bound instanceof Undefined
      ? undefined
      : wholeNumber(bound),
  );
  const items = sliced(iterate(holder), start, stop, step ?? 1);
  if (typeof holder === "string") return items.join("");
  return holder instanceof Tuple ? new Tuple(items) : items;
}

function sliced(
  items: readonly Value[],
  start: number | undefined,
  stop: number | undefined,
  step: number,
): Value[] {
  if (step === 0) throw wrongValue("slice step cannot be zero");
  const { length } = items;
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (bound: number) =>
    Math.min(high, Math.max(low, bound < 0 ? bound + length : bound));
  const from = start === undefined ? (step > 0 ? low : high) : clamp(start);
  const to = stop === undefined ? (step > 0 ? high : low) : clamp(stop);
  const found: Value[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) found.push(items[at]);
  return found;
}
