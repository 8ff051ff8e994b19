/** The values of templates, as Python has them. Lists are arrays, dicts are maps, None is null, integers are numbers. */
import type { Budget } from "./budget.js";
import { wrongValue } from "./fault.js";

/** A float, which is printed otherwise than an integer. */
export class Float {
  constructor(readonly value: number) {}
}

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** What a name that nothing is known of stands for. */
export class Undefined {
  /** @param hint what there is not, for messages */
  constructor(readonly hint: string) {}
}

/** Arguments as they are given. */
export interface Arguments {
  readonly list: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** What can be called: a macro, a method or a global. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (given: Arguments) => Value,
    /** Such as `loop.index`. */
    readonly attributes: (name: string) => Value | undefined = () => undefined,
  ) {}
}

/** A `namespace`, or another thing with attributes. */
export class Record {
  constructor(
    readonly type: string,
    readonly fields: Map<string, Value>,
    readonly writable: boolean,
  ) {}
}

export type Dict = Map<Value, Value>;
export type Value =
  | null
  | boolean
  | number
  | string
  | Float
  | Value[]
  | Tuple
  | Dict
  | Undefined
  | Callable
  | Record;

export const isDict = (value: Value): value is Dict => value instanceof Map;
export const isNumber = (value: Value): value is number | boolean | Float =>
  typeof value === "number" || typeof value === "boolean" || value instanceof Float;
export const numberOf = (value: number | boolean | Float): number =>
  value instanceof Float ? value.value : Number(value);

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (typeof value === "string") return "str";
  if (value instanceof Float) return "float";
  if (Array.isArray(value)) return "list";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof Map) return "dict";
  if (value instanceof Undefined) return "Undefined";
  return value instanceof Record ? value.type : "function";
}

export function isTrue(value: Value): boolean {
  if (value instanceof Float) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Undefined) return false;
  return Boolean(value);
}

/** Characters or items. */
export function sizeOf(value: Value): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  if (value instanceof Tuple) return value.items.length;
  return value instanceof Map ? value.size : 1;
}

/** What holds itself many times over is many times compared. */
export function isEqual(left: Value, right: Value, budget: Budget): boolean {
  budget.compare(typeof left === "string" ? left.length / 16 : 0);
  if (isNumber(left) && isNumber(right)) return numberOf(left) === numberOf(right);
  if (Array.isArray(left) && Array.isArray(right)) return sameItems(left, right, budget);
  if (left instanceof Tuple && right instanceof Tuple)
    return sameItems(left.items, right.items, budget);
  if (isDict(left) && isDict(right)) return sameEntries(left, right, budget);
  if (left instanceof Undefined && right instanceof Undefined) return true;
  return left === right;
}

function sameItems(left: readonly Value[], right: readonly Value[], budget: Budget): boolean {
  return (
    left.length === right.length && left.every((item, index) => isEqual(item, right[index], budget))
  );
}

function sameEntries(left: Dict, right: Dict, budget: Budget): boolean {
  return (
    left.size === right.size &&
    [...left].every(([key, value]) => {
      const other = lookUp(right, key, budget);
      return other !== undefined && isEqual(value, other, budget);
    })
  );
}

/** @returns undefined where the dict has no such key */
export function lookUp(dict: Dict, key: Value, budget: Budget): Value | undefined {
  const direct = dict.get(key);
  if (direct !== undefined || typeof key === "string") return direct;
  for (const [other, value] of dict) if (isEqual(other, key, budget)) return value;
  return undefined;
}

export function setItem(dict: Dict, key: Value, value: Value, budget: Budget): void {
  if (Array.isArray(key) || isDict(key)) throw wrongValue(`unhashable type: '${typeName(key)}'`);
  const same = [...(typeof key === "string" ? [] : dict.keys())].find((other) =>
    isEqual(other, key, budget),
  );
  dict.set(same ?? key, value);
}

/** @throws TemplateFault for a value without an order */
export function compareValues(left: Value, right: Value, budget: Budget): number {
  budget.compare();
  if (isNumber(left) && isNumber(right)) return numberOf(left) - numberOf(right);
  if (typeof left === "string" && typeof right === "string")
    return compareTexts(left, right, budget);
  const lists = [left, right].map((value) => (value instanceof Tuple ? value.items : value));
  if (typeName(left) === typeName(right) && Array.isArray(lists[0]) && Array.isArray(lists[1])) {
    return compareLists(lists[0], lists[1], budget);
  }
  throw wrongValue(`'${typeName(left)}' and '${typeName(right)}' have no order`);
}

/** By code point, not by unit. */
function compareTexts(left: string, right: string, budget: Budget): number {
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left[at] === right[at]) at++;
  budget.read(at);
  if (at === shorter) return left.length - right.length;
  return Number(left.codePointAt(at)) - Number(right.codePointAt(at));
}

function compareLists(left: readonly Value[], right: readonly Value[], budget: Budget): number {
  for (const [index, item] of left.entries()) {
    if (index >= right.length) return 1;
    if (!isEqual(item, right[index], budget)) return compareValues(item, right[index], budget);
  }
  return left.length - right.length;
}

/** The items that a loop goes through. */
export function iterate(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  if (isDict(value)) return [...value.keys()];
  if (typeof value === "string") return [...value];
  if (value instanceof Undefined) return [];
  throw wrongValue(`'${typeName(value)}' object is not iterable`);
}

/** The first value that there is; None is one. */
export const firstOf = (...values: readonly (Value | undefined)[]): Value | undefined =>
  values.find((value) => value !== undefined);

/** @throws TemplateFault saying what there is not */
export function defined(value: Value): Exclude<Value, Undefined> {
  if (value instanceof Undefined) throw wrongValue(`${value.hint}`);
  return value;
}
