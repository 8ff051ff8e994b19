/**
 * What provenance says of a module's weights, remembered until one of them is another.
 *
 * Every run asks, and walking through all parameters costs more than a small forward. So what was seen is kept: the objects
 * that hold parameters, how many keys each has, and under which of them stood an array, another holder or nothing. As long as
 * all of that is as it was, and no array was written to, the answer is the same. Arrays are held weakly.
 */
import { isArray, type Module, writesTo } from "@mlxterp/mlx";

interface Seen {
  readonly holder: Readonly<Record<string, unknown>>;
  readonly keys: number;
  readonly places: readonly Place[];
}

interface Place {
  readonly key: string;
  /** Weak for arrays; other holders and null as they are. */
  readonly value: WeakRef<object> | object | null;
  readonly writes: number;
}

interface Remembered {
  readonly seen: readonly Seen[];
  readonly facts: unknown;
}

const known = new WeakMap<Module, Remembered>();

/**
 * @param find what is to be remembered
 * @returns what was found, now or when the weights were last looked at
 */
export function remembered<T>(module: Module, find: () => T): T {
  const before = known.get(module);
  if (before?.seen.every(isAsItWas)) return before.facts as T;
  const facts = find();
  known.set(module, { seen: look(module), facts });
  return facts;
}

/** The next answer is found anew. */
export function forget(module: Module): void {
  known.delete(module);
}

function isAsItWas({ holder, keys, places }: Seen): boolean {
  if (sizeOf(holder) !== keys) return false;
  for (const { key, value, writes } of places) {
    const now = holder[key];
    if (value instanceof WeakRef) {
      if (value.deref() !== now || writesTo(now as object) !== writes) return false;
    } else if (now !== value) return false;
  }
  return true;
}

function sizeOf(holder: object): number {
  return Array.isArray(holder) ? holder.length : Object.keys(holder).length;
}

/** The module and everything inside it that may hold parameters. */
function look(module: Module): Seen[] {
  const found = new Map<object, Seen>();
  const visit = (holder: object) => {
    if (found.has(holder)) return;
    const places: Place[] = [];
    const entries = Object.entries(holder);
    found.set(holder, {
      holder: holder as Record<string, unknown>,
      keys: sizeOf(holder),
      places,
    });
    for (const [key, value] of entries) {
      if (typeof value !== "object") continue;
      if (value !== null && isArray(value)) {
        places.push({ key, value: new WeakRef(value), writes: writesTo(value) });
        continue;
      }
      places.push({ key, value, writes: 0 });
      if (value !== null && !ArrayBuffer.isView(value)) visit(value);
    }
  };
  visit(module);
  return [...found.values()];
}
