/** How much of its attention each head gives to the targets of each kind, and to those of shuffled tokens. */
import { fromFlat, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { takeTurn } from "../shared/stoppable.js";
import type { HeadTargets } from "./head-kinds.js";

/** What one batch is scored by. */
export interface ScoredBatch {
  /** Those that attend. */
  readonly layers: readonly number[];
  readonly prompts: readonly (readonly number[])[];
  /** The same prompts with their tokens in another order, once for each null. */
  readonly shuffled: readonly (readonly (readonly number[])[])[];
  readonly kinds: readonly HeadTargets[];
  /** Whether attention from a query to a key counts at all. */
  readonly counts: (query: number, key: number) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a column is about, summed over queries: the kinds, then the kinds of each null, then all that counts, then what lies ahead of the query. */
export interface ColumnSums {
  /** Queries that have a target. */
  readonly queries: number;
  readonly targets: number;
  /** What a head that looks alike at all tokens up to its own gives to the targets. */
  readonly uniform: number;
  /** The same of one that looks at all tokens of the prompt. */
  readonly uniformBothWays: number;
}

export interface ScoreSums {
  /** Attention on targets, [one of the layers][head][column]. */
  readonly attention: readonly (readonly (readonly number[])[])[];
  readonly columns: readonly ColumnSums[];
  /** All queries, the first of each prompt too. */
  readonly queries: number;
}

/**
 * Scores one batch in one pass; of every pattern only the sums leave the device.
 *
 * @param batch prompts may differ in length
 */
export async function sumScores(model: AnalysisModel, batch: ScoredBatch): Promise<ScoreSums> {
  const { heads } = model.anatomy;
  const { prompts, shuffled, kinds, counts, signal } = batch;
  const width = Math.max(...prompts.map(({ length }) => length));
  const size = prompts.length * width * width;
  const count = kinds.length * (1 + shuffled.length) + 2;
  const masks = new Float32Array(count * size); // column by column, each (batch, query, key)
  const wanted = [prompts, ...shuffled]
    .flatMap((ids) => kinds.map((targets): Column => ({ ids, targets, first: 1 })))
    .concat({ ids: prompts, targets: () => true, first: 0 })
    .concat({ ids: prompts, targets: (query, key) => key > query, first: 0, ahead: true });
  const columns: ColumnSums[] = [];
  for (const [at, column] of wanted.entries()) {
    if (at % kinds.length === 0) await takeTurn(signal);
    columns.push(fill(masks.subarray(at * size, (at + 1) * size), column, width, counts));
  }
  const weights = fromFlat(masks, [count, size]).T;
  const sums = await lazyPass(model, prompts, {}, (trace) =>
    batch.layers.map((layer) =>
      sumTargets(trace.at(`layers.${layer}.selfAttn.pattern`).value, weights),
    ),
  );
  const attention = sums.map((sum) => {
    const flat = [...toFlat(sum)];
    return range(heads).map((head) => flat.slice(head * count, (head + 1) * count));
  });
  return { attention, columns, queries: prompts.reduce((sum, { length }) => sum + length, 0) };
}

/** (batch, heads, query, key) and (batch · query · key, columns) → (heads, columns) */
function sumTargets(pattern: MxArray, weights: MxArray): MxArray {
  const heads = pattern.shape[1];
  return mx.matmul(pattern.transpose(1, 0, 2, 3).reshape([heads, -1]).astype(mx.float32), weights);
}

interface Column {
  readonly ids: readonly (readonly number[])[];
  readonly targets: HeadTargets;
  /** The first query: that of position 0 sees only itself and counts for no kind. */
  readonly first: number;
  /** Whether keys behind the query are looked at, too. */
  readonly ahead?: boolean;
}

/** Puts 1 at each target that counts. */
function fill(
  mask: Float32Array,
  { ids: prompts, targets, first, ahead }: Column,
  width: number,
  counts: ScoredBatch["counts"],
): ColumnSums {
  const sums = { queries: 0, targets: 0, uniform: 0, uniformBothWays: 0 };
  for (const [index, ids] of prompts.entries()) {
    for (let query = first; query < ids.length; query++) {
      const row = (index * width + query) * width;
      let found = 0;
      for (let key = 0; key < (ahead ? ids.length : query + 1); key++) {
        if (!counts(query, key) || !targets(query, key, ids)) continue;
        mask[row + key] = 1;
        found++;
      }
      if (found > 0) sums.queries++;
      sums.targets += found;
      sums.uniform += found / (query + 1);
      sums.uniformBothWays += found / ids.length;
    }
  }
  return sums;
}
