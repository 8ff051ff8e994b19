/** Work that is asked before each of its computations whether it may go on, whatever functions it calls. */

import { AsyncLocalStorage } from "node:async_hooks";
import { checkFunction } from "@mlxterp/results/errors";

/** Called between computations; the work waits for it, and fails with what it throws. */
export type Between = () => void | Promise<void>;

const betweens = new AsyncLocalStorage<Between>();

/**
 * Does work of which every `evaluate` waits for a function first, at any depth: so a host stops work that takes too long, or lets
 * others compute meanwhile, without a word of it in the work itself. Where such work holds other such work, the outer is asked first.
 *
 * @param between may throw, which the work meets where it would have computed
 * @returns what the work returns
 * @throws what the work throws, and what `between` throws
 * @example
 * let computations = 0;
 * await betweenComputations(
 *   () => {
 *     computations++;
 *   },
 *   () => evaluate([mx.ones([3])]),
 * );
 * computations; // 1
 */
export function betweenComputations<T>(between: Between, work: () => T): T {
  checkFunction("between", between);
  checkFunction("work", work);
  const outer = betweens.getStore();
  const both = outer && (async () => { await outer(); await between(); }); // biome-ignore format: one line
  return betweens.run(both ?? between, work);
}

/** Asks the work's host, if it has one. */
export async function askBetween(): Promise<void> {
  await betweens.getStore()?.();
}
