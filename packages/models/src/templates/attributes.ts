/** What `value.name` is: a method, a field or an entry. */
import { bind, noGiven } from "./arguments.js";
import type { Budget } from "./budget.js";
import { wrongTemplate, wrongValue } from "./fault.js";
import { textMethods } from "./text-methods.js";
import {
  type Arguments,
  Callable,
  type Dict,
  firstOf,
  isDict,
  isEqual,
  lookUp,
  Record,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

const dictMethods: ReadonlyMap<string, (dict: Dict, given: Arguments, budget: Budget) => Value> =
  new Map([
    ["keys", (dict: Dict) => [...dict.keys()]],
    ["values", (dict: Dict) => [...dict.values()]],
    ["items", (dict: Dict) => [...dict].map((entry) => new Tuple(entry))],
    ["copy", (dict: Dict) => new Map(dict)],
    [
      "get",
      (dict: Dict, given: Arguments, budget: Budget) => {
        const [key, otherwise] = bind("get", given, ["key", "default"], 1);
        return firstOf(lookUp(dict, key!, budget), otherwise, null)!;
      },
    ],
  ]);
const listMethods: ReadonlyMap<
  string,
  (items: readonly Value[], given: Arguments, budget: Budget) => Value
> = new Map([
  [
    "count",
    (items: readonly Value[], given: Arguments, budget: Budget) => {
      const [sought] = bind("count", given, ["value"], 1);
      return items.filter((item) => isEqual(item, sought!, budget)).length;
    },
  ],
  [
    "index",
    (items: readonly Value[], given: Arguments, budget: Budget) => {
      const [sought] = bind("index", given, ["value"], 1);
      const at = items.findIndex((item) => isEqual(item, sought!, budget));
      if (at < 0) throw wrongValue("the value is not in the list");
      return at;
    },
  ],
]);
/** What would change a list or dict that the caller gave. */
const changing = new Set(
  "append clear pop reverse insert sort extend remove popitem setdefault update".split(" "),
);

/** Those that look at each character for long. */
const heavy = new Set("split rsplit splitlines title istitle swapcase expandtabs".split(" "));

/** @returns undefined where there is none */
export function attributeOf(value: Value, name: string, budget: Budget): Value | undefined {
  if (name.startsWith("__")) throw wrongTemplate(`"${name}" is not for templates`);
  if (typeof value === "string") {
    const method = textMethods.get(name);
    if (!method) return undefined;
    return new Callable(name, (given) => {
      budget.pass(value.length, heavy.has(name) ? 24 : 1);
      return method(value, given, budget);
    });
  }
  if (value instanceof Record) return value.fields.get(name);
  if (value instanceof Callable) return value.attributes(name);
  if (isDict(value)) {
    const method = dictMethods.get(name);
    if (method) return new Callable(name, (given) => method(value, given, budget));
  }
  const items = value instanceof Tuple ? value.items : value;
  if (Array.isArray(items)) {
    const method = listMethods.get(name);
    if (method) return new Callable(name, (given) => method(items, given, budget));
  }
  if ((Array.isArray(value) || isDict(value)) && changing.has(name)) {
    if (isDict(value) && lookUp(value, name, budget) !== undefined) return undefined;
    throw wrongTemplate(`"${name}" would change a ${typeName(value)}, which templates may not`);
  }
  return undefined;
}

export function callValue(value: Value | undefined, given: Arguments = noGiven): Value {
  if (value instanceof Callable) return value.call(given);
  if (value instanceof Undefined) throw wrongTemplate(value.hint);
  throw wrongTemplate(`'${typeName(value ?? null)}' object is not callable`);
}
