/** Which runs are the same, so that one of them is enough: what an exchange cannot reach is left out of it. */
import { range } from "../shared/lists.js";
import { factsOf } from "./parts.js";
import type { Change, PatchedRun, Source } from "./runs.js";

/** What a run can be told apart by. */
export interface Reach {
  readonly layers: number;
  /** Positions of a run. */
  readonly length: number;
  /** At how many last positions the logits are read. */
  readonly steps: number;
  readonly sources: readonly Source[];
}

/** Runs without what changes nothing, each once. */
export interface Distinct {
  /** In the order in which they are met. */
  readonly runs: readonly PatchedRun[];
  /** For each given run the number of its own; null where nothing is changed. */
  readonly of: readonly (number | null)[];
}

export function distinctRuns(given: readonly PatchedRun[], reach: Reach): Distinct {
  const known = new Map<string, number>();
  const runs: PatchedRun[] = [];
  const of = given.map((run) => {
    const changes = effective(run, reach);
    if (changes.length === 0) return null;
    const key = JSON.stringify([run.base, changes]);
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, runs.length);
    return runs.push({ base: run.base, changes }) - 1;
  });
  return { runs, of };
}

/** Changes at the positions at which they can make a difference; none where there is none. */
function effective({ base, changes }: PatchedRun, reach: Reach): Change[] {
  const { sources } = reach;
  const others = changes.filter(({ source }) => !sources[source].isBase);
  const same = Math.min(...others.map(({ source, row }) => sources[source].sameBefore?.(row, base) ?? 0)); // biome-ignore format: one number
  const reached = changes.flatMap((change) => {
    const from = sources[change.source].isBase ? 0 : same;
    return atReached(change, from, reach);
  });
  // What only keeps things as they were changes nothing by itself.
  return reached.some(({ source }) => !sources[source].isBase) ? reached : [];
}

function atReached(change: Change, same: number, { layers, length, steps }: Reach): Change[] {
  const { part, layer, positions } = change;
  const unread = layer === layers - 1 && !factsOf(part).moves ? length - steps : 0;
  const from = Math.max(same, unread);
  if (from >= length) return [];
  if (positions === null && from === 0) return [change];
  const asked = positions ?? range(length);
  const reached = [...new Set(asked)].filter((at) => at >= from).sort((a, b) => a - b);
  return reached.length > 0 ? [{ ...change, positions: reached }] : [];
}

/** The first position that a run changes, after what it cannot change was left out of it. */
export function changedFrom({ changes }: PatchedRun, sources: readonly Source[]): number {
  const others = changes.filter(({ source }) => !sources[source].isBase);
  return Math.min(...others.map(({ positions }) => positions?.[0] ?? 0));
}

/** A run with positions counted from one before which it changes nothing. */
export function later(run: PatchedRun, from: number): PatchedRun {
  if (from === 0) return run;
  const { changes, ...rest } = run;
  const left = changes.flatMap(({ positions, ...change }): Change[] => {
    const own = positions?.filter((at) => at >= from).map((at) => at - from) ?? null;
    return own?.length === 0 ? [] : [{ ...change, positions: own }];
  });
  return { ...rest, changes: left };
}
