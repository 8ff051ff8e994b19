/** Runs in portions, each of which leaves out the positions before its first change: as many as pay. */
import type { AnalysisModel } from "../shared/model.js";
import { type PatchedRun, startOf } from "./runs.js";

/** Runs that are made together. */
export interface Portion {
  /** The first position that is computed. */
  readonly from: number;
  /** Numbers of the runs, in the order of their first layers. */
  readonly runs: readonly number[];
}

export interface Portioned {
  readonly layers: number;
  /** Positions of a run. */
  readonly length: number;
  /** At how many last positions the logits are read. */
  readonly steps: number;
  /** What a layer of any pass costs, whatever its rows: as much as so many positions of a row. */
  readonly overhead: number;
  /** Whether passes can begin at a position. */
  readonly canBegin: (from: number) => boolean;
  /** How many texts are read before anything can begin later. */
  readonly texts: number;
  /** The first position that a run changes. */
  readonly changedFrom: (run: PatchedRun) => number;
}

/**
 * What a layer of a pass costs beside its rows, in positions: weights are read once (about 32), and operations are called, which weighs the
 * more the less they do. Measured on one processor; elsewhere it is a guess, which changes no number.
 */
export function passOverhead({ anatomy }: AnalysisModel): number {
  return 32 + 1.7e6 / anatomy.hidden ** 2;
}

/** Runs that begin at the same position. */
interface Group {
  readonly from: number;
  readonly runs: readonly number[];
  /** Layers of all these runs. */
  readonly layers: number;
  /** The first that one of them changes. */
  readonly start: number;
}

/** @returns one portion from position 0 unless several are quicker */
export function portionsOf(runs: readonly PatchedRun[], given: Portioned): Portion[] {
  const { layers, length, overhead, texts } = given;
  if (runs.length === 0) return [];
  const order = (numbers: readonly number[]) =>
    [...numbers].sort((a, b) => startOf(runs[a]) - startOf(runs[b]) || a - b);
  const whole = [{ from: 0, runs: order([...runs.keys()]) }];
  const groups = groupsOf(runs, given);
  if (groups.length === 1 && groups[0].from === 0) return whole;
  const atOnce = portionCost([{ ...merged(groups), from: 0 }], given);
  const { cost, ends } = quickest(groups, given);
  if (cost + layers * (overhead + texts * length) >= atOnce) return whole;
  return ends.map((end, at) => {
    const own = groups.slice(ends[at - 1] ?? 0, end);
    return { from: own[0].from, runs: order(own.flatMap((group) => group.runs)) };
  });
}

function groupsOf(runs: readonly PatchedRun[], given: Portioned): Group[] {
  const { layers, length, steps, changedFrom, canBegin } = given;
  const byPosition = new Map<number, number[]>();
  runs.forEach((run, number) => {
    const from = Math.min(changedFrom(run), length - steps);
    const own = canBegin(from) ? from : 0;
    byPosition.set(own, [...(byPosition.get(own) ?? []), number]);
  });
  return [...byPosition]
    .sort(([a], [b]) => a - b)
    .map(([from, own]) => {
      const starts = own.map((number) => startOf(runs[number]));
      const sum = starts.reduce((total, start) => total + layers - start, 0);
      return { from, runs: own, layers: sum, start: Math.min(...starts) };
    });
}

function merged(groups: readonly Group[]): Group {
  return {
    from: groups[0].from,
    runs: groups.flatMap(({ runs }) => runs),
    layers: groups.reduce((sum, group) => sum + group.layers, 0),
    start: Math.min(...groups.map(({ start }) => start)),
  };
}

/** Of groups that are made in one pass, from the position of the first. */
function portionCost(groups: readonly Group[], { layers, length, overhead }: Portioned): number {
  const { from, start, layers: rows } = merged(groups);
  return overhead * (layers - start) + rows * (length - from);
}

/** Where to part a list of groups, so that their passes cost least. */
function quickest(groups: readonly Group[], given: Portioned): { cost: number; ends: number[] } {
  const { layers, length, overhead } = given;
  const best = [{ cost: 0, begin: 0 }];
  for (let end = 1; end <= groups.length; end++) {
    let found = { cost: Number.POSITIVE_INFINITY, begin: 0 };
    let [rows, start] = [0, layers];
    for (let begin = end - 1; begin >= 0; begin--) {
      rows += groups[begin].layers;
      start = Math.min(start, groups[begin].start);
      const own = overhead * (layers - start) + rows * (length - groups[begin].from);
      const cost = best[begin].cost + own;
      if (cost < found.cost) found = { cost, begin };
    }
    best.push(found);
  }
  const ends: number[] = [];
  for (let end = groups.length; end > 0; end = best[end].begin) ends.unshift(end);
  return { cost: best[groups.length].cost, ends };
}
