/** Filters of lists. */
import { bind, textOf, wholeNumber } from "./arguments.js";
import type { Budget } from "./budget.js";
import { wrongTemplate, wrongValue } from "./fault.js";
import type { Filter, FilterContext } from "./filters.js";
import { operate } from "./operators.js";
import { print } from "./print.js";
import {
  type Arguments,
  compareValues,
  firstOf,
  isDict,
  isEqual,
  isTrue,
  iterate,
  lookUp,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/** Lower case, so that capitals make no difference. */
function folded(value: Value, sensitive: boolean, budget: Budget): Value {
  if (typeof value !== "string" || sensitive) return value;
  budget.read(value.length);
  return value.toLowerCase();
}

/** `a.b.0` of a value. */
function fieldOf(value: Value, path: Value | undefined, context: FilterContext): Value {
  if (path === undefined || path === null) return value;
  const parts = typeof path === "number" ? [path] : textOf(path).split(".");
  return parts.reduce<Value>((inner, part) => {
    const key = typeof part === "string" && /^\d+$/.test(part) ? Number(part) : part;
    return context.item(inner, key);
  }, value);
}

function sort(value: Value, given: Arguments, context: FilterContext): Value {
  const [reverse = false, sensitive = false, attribute] = bind("sort", given, [
    "reverse",
    "case_sensitive",
    "attribute",
  ]);
  const paths = typeof attribute === "string" ? attribute.split(",") : [attribute];
  const keys = new Map(
    iterate(value).map((item, index) => [
      index,
      paths.map((path) => folded(fieldOf(item, path, context), isTrue(sensitive), context.budget)),
    ]),
  );
  const order = [...iterate(value)].map((item, index) => ({ item, index }));
  const direction = isTrue(reverse) ? -1 : 1;
  order.sort((a, b) => {
    for (const [at, key] of keys.get(a.index)!.entries()) {
      const other = keys.get(b.index)![at];
      if (!isEqual(key, other, context.budget)) {
        return direction * compareValues(key, other, context.budget);
      }
    }
    return a.index - b.index;
  });
  return order.map(({ item }) => item);
}

function dictSort(value: Value, given: Arguments, { budget }: FilterContext): Value {
  if (!isDict(value)) throw wrongValue("dictsort is for dicts");
  const [sensitive = false, by = "key", reverse = false] = bind("dictsort", given, [
    "case_sensitive",
    "by",
    "reverse",
  ]);
  const at = by === "value" ? 1 : 0;
  const key = (entry: readonly Value[]) => folded(entry[at], isTrue(sensitive), budget);
  const sorted = [...value].sort(
    (a, b) => compareValues(key(a), key(b), budget) * (isTrue(reverse) ? -1 : 1),
  );
  return sorted.map((entry) => new Tuple(entry));
}

function extreme(name: string, sign: number): Filter {
  return (value, given, context) => {
    const [sensitive = false, attribute] = bind(name, given, ["case_sensitive", "attribute"]);
    let best: Value | undefined;
    const key = (item: Value) =>
      folded(fieldOf(item, attribute, context), isTrue(sensitive), context.budget);
    for (const item of iterate(value)) {
      if (best === undefined || sign * compareValues(key(item), key(best), context.budget) > 0)
        best = item;
    }
    return firstOf(best, new Undefined("No aggregated item, sequence was empty."))!;
  };
}

function unique(value: Value, given: Arguments, context: FilterContext): Value {
  const [sensitive = false, attribute] = bind("unique", given, ["case_sensitive", "attribute"]);
  const seen: Value[] = [];
  return iterate(value).filter((item) => {
    const key = folded(fieldOf(item, attribute, context), isTrue(sensitive), context.budget);
    if (seen.some((other) => isEqual(other, key, context.budget))) return false;
    seen.push(key);
    return true;
  });
}

function groupBy(value: Value, given: Arguments, context: FilterContext): Value {
  const [attribute, otherwise] = bind(
    "groupby",
    given,
    ["attribute", "default", "case_sensitive"],
    1,
  );
  const sorted = sort(value, { list: [], named: new Map([["attribute", attribute!]]) }, context);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of iterate(sorted)) {
    const found = fieldOf(item, attribute, context);
    const key = found instanceof Undefined ? firstOf(otherwise, found)! : found;
    const last = groups[groups.length - 1];
    if (
      last &&
      isEqual(
        folded(last.key, false, context.budget),
        folded(key, false, context.budget),
        context.budget,
      )
    )
      last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(({ key, items }) => new Tuple([key, items]));
}

/** `select`, `reject` and their forms with an attribute. */
function select(name: string, wanted: boolean, byAttribute: boolean): Filter {
  return (value, { list }, context) => {
    const [path, rest] = byAttribute ? [list[0], list.slice(1)] : [undefined, list];
    if (byAttribute && path === undefined) throw wrongTemplate(`${name} needs an attribute`);
    const [test, ...more] = rest;
    return iterate(value).filter((item) => {
      context.budget.step();
      const subject = fieldOf(item, path, context);
      const holds =
        test === undefined ? isTrue(subject) : context.test(textOf(test), subject, more);
      return holds === wanted;
    });
  };
}

function map(value: Value, { list, named }: Arguments, context: FilterContext): Value {
  const attribute = named.get("attribute");
  if (list.length === 0 && attribute !== undefined) {
    const otherwise = named.get("default");
    return iterate(value).map((item) => {
      const found = fieldOf(item, attribute, context);
      return found instanceof Undefined && otherwise !== undefined ? otherwise : found;
    });
  }
  const [name, ...more] = list;
  if (name === undefined) throw wrongTemplate("map needs a filter or an attribute");
  return iterate(value).map((item) => context.filter(textOf(name), item, { list: more, named }));
}

function batch(value: Value, given: Arguments, { budget }: FilterContext): Value {
  const [count, fill] = bind("batch", given, ["linecount", "fill_with"], 1);
  const size = Math.max(1, wholeNumber(count!));
  const items = iterate(value);
  const filled = fill !== undefined && fill !== null && items.length > 0;
  budget.make(16 * (filled ? Math.ceil(items.length / size) * size : items.length));
  const rows: Value[] = [];
  for (let at = 0; at < items.length; at += size) {
    const row = items.slice(at, at + size);
    while (fill !== undefined && fill !== null && row.length < size) row.push(fill);
    rows.push(row);
  }
  return rows;
}

function columns(value: Value, given: Arguments, { budget }: FilterContext): Value {
  const [count, fill] = bind("slice", given, ["slices", "fill_with"], 1);
  const items = iterate(value);
  const slices = wholeNumber(count!);
  if (slices < 1 || slices > 100_000) throw wrongValue("slice needs a number of columns");
  budget.make(16 * (slices + items.length));
  const [each, more] = [Math.floor(items.length / slices), items.length % slices];
  let at = 0;
  return Array.from({ length: slices }, (_, index) => {
    const row = items.slice(at, at + each + (index < more ? 1 : 0));
    at += row.length;
    if (fill !== undefined && fill !== null && index >= more) row.push(fill);
    return row;
  });
}

export const sequenceFilters: Readonly<Record<string, Filter>> = {
  first: (value) =>
    firstOf(iterate(value)[0], new Undefined("No first item, sequence was empty."))!,
  last: (value) =>
    firstOf(iterate(value).at(-1), new Undefined("No last item, sequence was empty."))!,
  length,
  count: length,
  list: (value) => [...iterate(value)],
  reverse: (value) =>
    typeof value === "string" ? [...value].reverse().join("") : [...iterate(value)].reverse(),
  items: (value) => {
    if (value instanceof Undefined) return [];
    if (!isDict(value)) throw wrongValue("Can only get item pairs from a mapping.");
    return [...value].map((entry) => new Tuple(entry));
  },
  attr: (value, given, context) => {
    const name = textOf(bind("attr", given, ["name"], 1)[0]!);
    return isDict(value) &&
      lookUp(value, name, context.budget) !== undefined &&
      context.attribute(value, name) === undefined
      ? new Undefined(`'dict object' has no attribute '${name}'`)
      : (context.attribute(value, name) ?? new Undefined(`there is no attribute '${name}'`));
  },
  sum: (value, given, context) => {
    const [attribute, start = 0] = bind("sum", given, ["attribute", "start"]);
    return iterate(value).reduce<Value>(
      (sum, item) => operate("+", sum, fieldOf(item, attribute, context), context.budget),
      start,
    );
  },
  join: (value, given, context) => {
    const [mark = "", attribute] = bind("join", given, ["d", "attribute"]);
    const texts = iterate(value).map((item) =>
      print(fieldOf(item, attribute, context), context.budget),
    );
    const separator = print(mark, context.budget);
    context.budget.make(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
    return texts.join(separator);
  },
  ...{ sort, unique, map, batch, dictsort: dictSort, groupby: groupBy, slice: columns },
  min: extreme("min", -1),
  max: extreme("max", 1),
  select: select("select", true, false),
  reject: select("reject", false, false),
  selectattr: select("selectattr", true, true),
  rejectattr: select("rejectattr", false, true),
};

function length(value: Value): Value {
  return isDict(value) ? value.size : iterate(value).length;
}
