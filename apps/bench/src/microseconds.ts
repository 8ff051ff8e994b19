/** Timing of work that takes microseconds: many repetitions at a time, alternatives in turn. */
import { setImmediate as turn } from "node:timers/promises";
import { collect } from "@mlxterp/mlx";
import { now } from "./clock.js";
import { summarize } from "./pairs.js";

interface BlockSettings {
  /** How often the work is done between two looks at the clock. */
  readonly repeats?: number;
  readonly blocks?: number;
}

/** The median time of each alternative, in microseconds; garbage is collected between blocks, not within. */
export async function microseconds<K extends string>(
  work: Record<K, () => unknown>,
  { repeats = 2000, blocks = 15 }: BlockSettings = {},
): Promise<Record<K, number>> {
  const names = Object.keys(work) as K[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let block = -1; block < blocks; block++) {
    for (const name of block % 2 === 0 ? names : [...names].reverse()) {
      collect();
      await turn();
      const start = now();
      for (let index = 0; index < repeats; index++) work[name]();
      const time = ((now() - start) / repeats) * 1000;
      if (block >= 0) times.get(name)!.push(time); // the first block warms up
    }
  }
  const medians = names.map((name) => [name, summarize(times.get(name)!).median] as const);
  return Object.fromEntries(medians) as Record<K, number>;
}
