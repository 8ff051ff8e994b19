/** What a template can name without being given it. */
import { bind, textOf, wholeNumber } from "./arguments.js";
import type { Budget } from "./budget.js";
import { TemplateFault, wrongTemplate } from "./fault.js";
import { print } from "./print.js";
import { formatTime } from "./strftime.js";
import { Callable, isDict, iterate, Record, setItem, type Value } from "./values.js";

/** As the sandbox of Jinja has it. */
const longestRange = 100_000;

export function createGlobals(budget: Budget, now: () => Date): Map<string, Value> {
  const globals = [
    new Callable("range", (given) =>
      range(bind("range", given, ["start", "stop", "step"], 1), budget),
    ),
    new Callable("dict", ({ list, named }) => dict(list, named, budget)),
    new Callable("namespace", ({ list, named }) => {
      const fields = new Map<string, Value>();
      for (const [key, value] of dict(list, named, budget)) fields.set(textOf(key), value);
      return new Record("Namespace", fields, true);
    }),
    new Callable("raise_exception", (given) => {
      const [message] = bind("raise_exception", given, ["message"], 1);
      throw new TemplateFault("raised", print(message!, budget));
    }),
    new Callable("strftime_now", (given) =>
      formatTime(textOf(bind("strftime_now", given, ["format"], 1)[0]!), now(), budget),
    ),
    new Callable("cycler", ({ list }) => cycler(list)),
    new Callable("joiner", (given) => {
      const [separator = ", "] = bind("joiner", given, ["sep"]);
      let used = false;
      return new Callable("joiner", () => {
        const first = !used;
        used = true;
        return first ? "" : separator;
      });
    }),
  ];
  return new Map(globals.map((global) => [global.name, global]));
}

function range([first, second, third]: (Value | undefined)[], budget: Budget): Value[] {
  const [start, stop] =
    second === undefined ? [0, wholeNumber(first!)] : [wholeNumber(first!), wholeNumber(second)];
  const step = third === undefined ? 1 : wholeNumber(third);
  if (step === 0) throw wrongTemplate("range() arg 3 must not be zero");
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > longestRange) {
    throw new TemplateFault("limit", `a range of ${count} is longer than ${longestRange}`);
  }
  budget.make(count);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function dict(
  list: readonly Value[],
  named: ReadonlyMap<string, Value>,
  budget: Budget,
): Map<Value, Value> {
  const made = new Map<Value, Value>();
  const [given] = list;
  if (given !== undefined) {
    const entries = isDict(given) ? [...given] : iterate(given).map((pair) => iterate(pair));
    budget.pass(entries.length, 16);
    for (const [key, value] of entries) setItem(made, key ?? null, value ?? null, budget);
  }
  for (const [key, value] of named) made.set(key, value);
  return made;
}

function cycler(items: readonly Value[]): Record {
  let at = 0;
  const fields = new Map<string, Value>([["current", items[0] ?? null]]);
  const move = (to: number) => {
    at = to % items.length;
    fields.set("current", items[at] ?? null);
  };
  fields.set(
    "next",
    new Callable("next", () => {
      const item = items[at] ?? null;
      move(at + 1);
      return item;
    }),
  );
  fields.set(
    "reset",
    new Callable("reset", () => {
      move(0);
      return null;
    }),
  );
  return new Record("Cycler", fields, false);
}
