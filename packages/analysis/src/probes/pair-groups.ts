/** Pairs that have something in common and are held out together: a template, a subject, a source. */
import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import type { ClassPairs } from "../shared/classes.js";
import { range } from "../shared/lists.js";
import { foldsOf } from "./judge.js";

export interface PairGroups {
  readonly count: number;
  /** The group of each pair, from 0. */
  readonly of: readonly number[];
  readonly given: boolean;
}

/**
 * @param groups a name for each pair; without any, every pair is by itself
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another number of names than pairs
 */
export function pairGroups(
  { positive }: Pick<ClassPairs, "positive">,
  groups: readonly (string | number)[] | undefined,
): PairGroups {
  const pairs = positive.length;
  if (!groups) return { count: pairs, of: range(pairs), given: false };
  if (groups.length !== pairs) {
    const rule = `${groups.length} groups do not fit ${pairs} pairs; give one for each.`;
    throw new InvalidArgumentError("groups", groups, rule);
  }
  const names = [...new Set(groups)];
  return { count: names.length, of: groups.map((name) => names.indexOf(name)), given: true };
}

/** Prompts that a probe is fitted to, and those it is judged on; prompts 2i and 2i + 1 are pair i. */
export interface PromptSplit {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** Splits in which every prompt is judged once, and no group stands on both sides. */
export function splitsOf({ count, of }: PairGroups, folds: number, seed: number): PromptSplit[] {
  const parts = Math.min(folds, count);
  const fold = foldsOf(count, parts, uniformNumbers(seed));
  const prompts = range(2 * of.length);
  const partOf = (prompt: number) => fold[of[Math.floor(prompt / 2)]];
  return range(parts).map((part) => ({
    train: prompts.filter((prompt) => partOf(prompt) !== part),
    test: prompts.filter((prompt) => partOf(prompt) === part),
  }));
}

/** How many prompts stand in pairs of more than one group. */
export function sharedPrompts({ positive, negative }: ClassPairs, { of }: PairGroups): number {
  const found = new Map<string, Set<number>>();
  for (const list of [positive, negative]) {
    for (const [pair, ids] of list.entries()) {
      const key = ids.join(",");
      found.set(key, (found.get(key) ?? new Set()).add(of[pair]));
    }
  }
  return [...found.values()].filter(({ size }) => size > 1).length;
}
