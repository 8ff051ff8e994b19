/** Runs of one target prompt, each with a vector of its own at one place. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";

/** One run of the target. */
export interface TargetRow {
  /** What is put in: (hidden); nothing for the target as it is. */
  readonly vector: MxArray | undefined;
  /** The site where. */
  readonly site: string;
}

interface Targets {
  readonly ids: readonly number[];
  readonly position: number;
  readonly rows: readonly TargetRow[];
}

/**
 * What the target's last token holds after the last layer, row by row.
 *
 * @returns (rows, 1, hidden), computed
 */
export async function runTargets(
  model: AnalysisModel,
  { ids, position, rows }: Targets,
  continued: readonly (readonly number[])[] = [],
): Promise<MxArray> {
  const prompts = rows.map((_, row) => [...ids, ...(continued[row] ?? [])]);
  const last = `layers.${model.anatomy.layers - 1}`;
  const sites = [...new Set(rows.flatMap(({ site, vector }) => (vector ? [site] : [])))];
  const interventions = Object.fromEntries(
    sites.map((site) => [site, (x: MxArray) => withVectors(x, site, position, rows)]),
  );
  const cache = await model.run(prompts, { save: last, interventions, positions: -1 });
  const end = cache.get(last).reshape([rows.length, 1, -1]);
  await evaluate([end]);
  return end;
}

/** Puts the vectors of a site into their rows, at one position. */
function withVectors(
  x: MxArray,
  site: string,
  position: number,
  rows: readonly TargetRow[],
): MxArray {
  const [count, width, hidden] = x.shape;
  const mine = rows.map((row) => row.site === site && row.vector !== undefined);
  const vectors = mx.stack(
    rows.map(({ vector }, row) => (mine[row] && vector ? vector : mx.zeros([hidden]))),
  );
  const here = mx.equal(mx.arange(0, width, 1, mx.int32), position).reshape([1, width, 1]);
  const chosen = mx.array(mine.map(Number)).reshape([count, 1, 1]);
  const mask = mx.logicalAnd(here, mx.greater(chosen, 0));
  return mx.where(mask, vectors.reshape([count, 1, hidden]).astype(x.dtype), x);
}

/** Token by token, the most likely next: (rows) lists of ids. */
export async function continueTargets(
  model: AnalysisModel,
  targets: Targets,
  tokens: number,
  signal?: AbortSignal,
): Promise<number[][]> {
  const found = targets.rows.map((): number[] => []);
  for (let step = 0; step < tokens; step++) {
    signal?.throwIfAborted();
    const end = await runTargets(model, targets, found);
    const logits = model.anatomy.unembed(model.anatomy.finalNorm(end));
    const best = mx.argmax(logits.squeeze(1), 1).astype(mx.int32);
    await evaluate([best]);
    for (const [row, id] of toFlat(best).entries()) found[row].push(id);
  }
  return found;
}
