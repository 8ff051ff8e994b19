/** A pass whose batch grows layer by layer: each row joins where it is first changed, as a copy of its base run. */
import { growsBatch, type Intervention, type Interventions } from "@mlxterp/core";
import { type Module, mx } from "@mlxterp/mlx";
import { exchange, type RowChange, valuesAt } from "./exchange.js";
import { axisOf, siteOf } from "./parts.js";
import { type Activations, type PatchedRun, type Source, startOf } from "./runs.js";

/** What rows are made of. */
interface Swept {
  /** The runs that are patched: their `layers.i.input`. */
  readonly base: Activations;
  readonly sources: readonly Source[];
}

/** What is looked for in a model's layers. */
interface MayShareKeys {
  readonly layers?: readonly { readonly selfAttn?: { readonly keysOf?: number | undefined } }[];
}

/** The last layer at which rows can join: from the first whose keys later layers read, all rows need keys of their own. */
export function lastJoin(module: Module): number {
  const { layers = [] } = module as MayShareKeys;
  return Math.min(...layers.map(({ selfAttn }) => selfAttn?.keysOf ?? Number.POSITIVE_INFINITY));
}

/** The interventions by which each layer's rows join the pass, and by which all rows take their patches. */
export function growingBatch(
  sweep: Swept,
  runs: readonly PatchedRun[],
  last: number,
): Interventions {
  const interventions: Record<string, Intervention> = {};
  const byPlace = new Map<string, RowChange[]>();
  runs.forEach(({ changes }, row) => {
    for (const change of changes) {
      const site = siteOf(change.part, change.layer);
      byPlace.set(site, [...(byPlace.get(site) ?? []), { row, change }]);
    }
  });
  for (let start = 0, end = 0; start < runs.length; start = end) {
    const layer = joinOf(runs[start], last);
    while (end < runs.length && joinOf(runs[end], last) === layer) end++;
    const site = siteOf("residual", layer);
    const joining = join(sweep, runs.slice(start, end), start);
    const changes = byPlace.get(site);
    byPlace.delete(site);
    interventions[site] = growsBatch((x, context) => {
      const grown = joining(x, context);
      return changes ? exchange(grown, changes, valuesAt(sweep.sources, site)) : grown;
    });
  }
  for (const [site, changes] of byPlace) {
    interventions[site] = (x) => exchange(x, changes, valuesAt(sweep.sources, site));
  }
  return interventions;
}

/** Which of the base runs each row of a layer is, of those that have joined; below them one row stands for nothing. */
export function basesIn(runs: readonly PatchedRun[], layer: number, last: number): number[] {
  const joined = runs.filter((run) => joinOf(run, last) <= layer).map(({ base }) => base);
  return joined.length > 0 ? joined : [0];
}

/** The layer at whose input a row joins. */
function joinOf(run: PatchedRun, last: number): number {
  return Math.min(startOf(run), last);
}

/** The runs and sources of a sweep, without their positions before one. */
export function fromPosition(sweep: Swept, from: number): Swept {
  if (from === 0) return sweep;
  const rest =
    (at: Activations): Activations =>
    (site) => {
      const [x, axis] = [at(site), axisOf(site)];
      if (x.ndim <= axis || x.shape[axis] === 1) return x; // the same for all positions
      const own = mx.Slice(from, x.shape[axis]);
      return axis === 2 ? x.index(mx.Slice(), mx.Slice(), own) : x.index(mx.Slice(), own);
    };
  const sources = sweep.sources.map((source) => ({ ...source, at: rest(source.at) }));
  return { ...sweep, base: rest(sweep.base), sources };
}

/** Adds the rows of one layer to the batch: copies of their base runs. */
function join(sweep: Swept, joining: readonly PatchedRun[], before: number): Intervention {
  return (x, { site }) => {
    const base = sweep.base(site);
    const rows = joining.map((run) => run.base);
    const added =
      base.shape[0] === 1
        ? mx.broadcastTo(base, [rows.length, ...base.shape.slice(1)])
        : mx.take(base, mx.array(rows, mx.int32), 0);
    return before === 0 ? added : mx.concatenate([x, added], 0);
  };
}
