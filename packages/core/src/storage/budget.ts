/** Whether a save list fits into a budget, told from shapes before anything is computed, and what would fit. */
import { isFloating, mx } from "@mlxterp/mlx";
import { type ByteSize, byteCount } from "./byte-size.js";
import { bytesOf, type CacheEntry, dtypeOf } from "./entry.js";
import { BudgetExceededError, type BudgetRemedies } from "./errors.js";

/** What a save list is, as far as its size matters. */
export interface Demand {
  readonly entries: readonly CacheEntry[];
  /** How many prompts they hold; undefined when the input was not tokens. */
  readonly prompts: number | undefined;
  /** By how much to multiply: 3 where the entries are of a third of all prompts. Default 1. */
  readonly times?: number;
}

/** @throws BudgetExceededError (`BUDGET_EXCEEDED`) with what would fit */
export function requireBudget(demand: Demand, budget: ByteSize | undefined): void {
  if (budget === undefined) return;
  const limit = byteCount(budget, "budget");
  const { entries, times = 1 } = demand;
  const sizes = entries.map((entry) => ({ site: entry.site.name, bytes: times * bytesOf(entry) }));
  const total = sum(sizes.map(({ bytes }) => bytes));
  if (total <= limit) return;
  const largest = [...sizes].sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  throw new BudgetExceededError(total, limit, largest, remedies(demand, limit / times));
}

function remedies({ entries, prompts, times = 1 }: Demand, limit: number): BudgetRemedies {
  const all = prompts === undefined ? undefined : Math.round(prompts * times);
  const total = sum(entries.map(bytesOf));
  const fewer = all === undefined ? 0 : Math.floor((all * limit) / total);
  const positions = positionsThatFit(entries, limit);
  const sites = firstSites(entries, limit);
  return {
    ...(sum(entries.map(halfBytes)) <= limit && { dtype: "float16" }),
    ...(positions > 0 && { positions }),
    ...(fewer > 0 && { prompts: fewer }),
    ...(sites.length > 0 && { sites }),
  };
}

function halfBytes(entry: CacheEntry): number {
  const dtype = mx[dtypeOf(entry)];
  return isFloating(dtype) ? (bytesOf(entry) / dtype.size) * 2 : bytesOf(entry);
}

/** How many positions of each prompt fit; 0 where none do, or some site has no positions. */
function positionsThatFit(entries: readonly CacheEntry[], limit: number): number {
  const each = entries.map((entry) => {
    const { positionAxis } = entry.site;
    return positionAxis === undefined
      ? Number.NaN
      : bytesOf(entry) / entry.value.shape[positionAxis];
  });
  const fit = Math.floor(limit / sum(each));
  return Number.isFinite(fit) ? fit : 0;
}

function firstSites(entries: readonly CacheEntry[], limit: number): string[] {
  let bytes = 0;
  const past = entries.findIndex((entry) => {
    bytes += bytesOf(entry);
    return bytes > limit;
  });
  return entries.slice(0, past).map(({ site }) => site.name);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
