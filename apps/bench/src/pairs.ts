/** Timing of alternatives against each other: interleaved, so that a busy machine slows both alike. */

import { setImmediate as turn } from "node:timers/promises";
import { collect } from "@mlxterp/mlx";
import { now } from "./clock.js";

type Work = () => Promise<void> | void;

/** Times of one alternative, in milliseconds. */
export interface Times {
  readonly median: number;
  readonly minimum: number;
}

/**
 * Runs the alternatives in turn, in an order that changes, and returns each one's times.
 *
 * @param warmUps rounds before the clock starts: where results are large, the process grows for some
 */
export async function interleave<K extends string>(
  work: Record<K, Work>,
  rounds: number,
  warmUps = 1,
): Promise<Record<K, Times>> {
  const names = Object.keys(work) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let round = 0; round < warmUps; round++) for (const name of names) await work[name]();
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) {
      collect();
      await turn();
      const start = now();
      await work[name]();
      times[name].push(now() - start);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summarize(times[name])])) as Record<
    K,
    Times
  >;
}

/** Of one alternative's times. */
export function summarize(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], minimum: sorted[0] };
}

/** Ratio of the medians of paired times, which a drift of the machine's speed cannot shift. */
export function ratio(a: Times, b: Times): number {
  return a.median / b.median;
}
