/** Computes what a run is to keep: all at once, or a group at a time with the disk to take what does not fit. */
import {
  checkBoolean,
  checkOptions,
  checkPath,
  evaluate,
  isArray,
  type OptionNames,
} from "@mlxterp/mlx";
import { requireBudget } from "./budget.js";
import { type ByteSize, byteCount, checkByteSize } from "./byte-size.js";
import type { ActivationCache } from "./cache.js";
import { type CacheEntry, requireEntryHeld } from "./entry.js";

/** Where values go that do not fit into memory. */
export interface SpillOptions {
  /** The most bytes of values in memory, unless a single one is larger; when all fit, the disk is not used. */
  readonly budget: ByteSize;
  /** Stays when the cache is disposed, and can be opened later. Default: a temporary folder, which goes. */
  readonly folder?: string;
  /** Replaces activations that were saved in the folder before. Default: an error. */
  readonly overwrite?: boolean;
}

/** How much room there is for what is kept. */
export interface RoomOptions {
  /** The most bytes that may be kept, such as `"2GB"`: more is refused before anything is computed. */
  readonly budget?: ByteSize;
  /** Lets values go to the disk, in the order of the forward. Default: all stay in memory. */
  readonly spill?: SpillOptions;
}

/**
 * Computes entries together with what tells whether they still hold what they held.
 *
 * @throws DtypeOverflowError (`DTYPE_OVERFLOW`)
 */
async function computeEntries(entries: readonly CacheEntry[], bytes?: number): Promise<void> {
  const arrays = entries.flatMap(({ value, largest }) => [
    ...(isArray(value) ? [value] : []),
    ...(largest ? [largest] : []),
  ]);
  await evaluate(arrays, bytes);
  for (const entry of entries) requireEntryHeld(entry);
}

/** What its values must be. */
export const roomRules: OptionNames<RoomOptions> = { budget: checkByteSize, spill: checkSpill };

function checkSpill(argument: string, value: unknown): void {
  const spill = value as SpillOptions;
  checkOptions<SpillOptions>(argument, spill, {
    budget: checkByteSize,
    folder: checkPath,
    overwrite: checkBoolean,
  });
  byteCount(spill.budget, `${argument}.budget`); // the only one that cannot be left out
}

/**
 * @param cache of which nothing is computed yet
 * @throws BudgetExceededError (`BUDGET_EXCEEDED`), FolderInUseError (`FOLDER_IN_USE`)
 */
export async function computeCache(
  cache: ActivationCache,
  { budget, spill }: RoomOptions,
): Promise<void> {
  requireBudget({ entries: cache.held(), prompts: cache.tokens?.lengths.length }, budget);
  cache.settle(); // of the weights as they are now
  if (!spill || cache.nbytes <= byteCount(spill.budget, "spill.budget")) {
    await computeEntries(cache.held(), cache.made);
    return;
  }
  const { folder, overwrite, budget: shardBytes } = spill;
  try {
    await cache.spill(folder, { overwrite, shardBytes });
  } catch (error) {
    cache.dispose();
    throw error;
  }
}
