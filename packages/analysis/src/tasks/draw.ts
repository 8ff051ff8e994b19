/** How pairs of a task are drawn, and what happens where a tokenizer leaves none. */
import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";
import type { TaskName } from "./names.js";
import type { TaskPair } from "./task.js";

/** How a task is drawn. */
export interface Draw {
  readonly size: number;
  readonly seed: number;
}

/** A task's pairs for one model. */
export type PairMaker = (model: AnalysisModel, draw: Draw) => TaskPair[];

/**
 * So many, drawn without replacement; all where there are fewer.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where there are none
 */
export function drawn<Item>(
  items: Item[],
  { size, seed }: Draw,
  name: TaskName,
  what: string,
): Item[] {
  if (items.length === 0) throw tooFew(name, what);
  const random = uniformNumbers(seed);
  for (let at = 0; at < Math.min(size, items.length); at++) {
    const other = at + Math.floor(random() * (items.length - at));
    [items[at], items[other]] = [items[other], items[at]];
  }
  return items.slice(0, size);
}

/** What is thrown where a vocabulary has too few words for a task. */
export function tooFew(name: TaskName, what: string): InvalidArgumentError {
  const rule = `this model's tokenizer has too few ${what} for the task "${name}"; write pairs of your own (createTask).`;
  return new InvalidArgumentError("task", name, rule);
}

/**
 * Those of the length that most of them have, the shorter of two that are as frequent: methods with an axis of positions need
 * pairs of one length.
 */
export function ofOneLength<Item extends { readonly length: number }>(
  items: readonly Item[],
): Item[] {
  const groups = new Map<number, Item[]>();
  for (const item of items) groups.set(item.length, [...(groups.get(item.length) ?? []), item]);
  const order = [...groups].sort(([a, one], [b, other]) => other.length - one.length || a - b);
  return order[0]?.[1] ?? [];
}
