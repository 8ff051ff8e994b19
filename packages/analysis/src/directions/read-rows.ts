/** Activations of prompts as rows: of the last token, or pooled over positions. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { select } from "../shared/select.js";
import { type Rows, rowsOf } from "./matrix.js";

/** How the positions of a prompt become one row: one of them, negative from the end, all, or the mean of some that each prompt has for itself. */
export type Pooling = number | "mean" | "max" | readonly (readonly number[])[];

/** What is read. */
export interface RowPlan {
  readonly sites: readonly string[];
  readonly pooling: readonly Pooling[];
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
  readonly onBatch?: (done: number) => void;
}

/**
 * @returns [site][pooling]: one row for each prompt, in order
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that some prompt has not; the signal's reason
 */
export async function readRows(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
  plan: RowPlan,
): Promise<Rows[][]> {
  const parts: MxArray[][][] = plan.sites.map(() => plan.pooling.map(() => []));
  let done = 0;
  for (const batch of inBatches(prompts, plan.batchSize)) {
    plan.signal?.throwIfAborted();
    using cache = await model.run(batch as number[][], { save: plan.sites as string[] });
    const lengths = batch.map(({ length }) => length);
    const own = plan.pooling.map((one) => (typeof one === "object" ? one.slice(done, done + batch.length) : one)); // biome-ignore format: one line
    for (const [at, site] of plan.sites.entries()) {
      const value = cache.get(site).astype(mx.float32);
      for (const [which, pooling] of own.entries()) {
        parts[at][which].push(pooled(value, lengths, pooling));
      }
    }
    await evaluate(parts.flat(2).slice()); // the cache is let go
    done += batch.length;
    plan.onBatch?.(done);
  }
  return parts.map((site) => site.map((list) => rowsOf(mx.concatenate(list, 0))));
}

/**
 * @param value (batch, position, width), padded on the right
 * @returns (batch, width), lazy
 */
function pooled(value: MxArray, lengths: readonly number[], pooling: Pooling): MxArray {
  const [batch, width] = value.shape;
  if (typeof pooling === "number") {
    const at = lengths.map((length) => select("Position", [pooling], length, "a prompt")[0]);
    const index = mx.array(at, mx.int32);
    return value.index(mx.array(range(batch), mx.int32), index);
  }
  if (typeof pooling === "object") return meanOf(value, pooling);
  const real = mx.less(
    mx.arange(0, width, 1, mx.int32).reshape([1, width, 1]),
    mx.array([...lengths], mx.int32).reshape([batch, 1, 1]),
  );
  if (pooling === "max") return mx.max(mx.where(real, value, -3e38), 1);
  const sum = mx.sum(mx.where(real, value, 0), 1);
  return mx.divide(sum, mx.array([...lengths]).reshape([batch, 1]));
}

/** @param places of each row */
function meanOf(value: MxArray, places: readonly (readonly number[])[]): MxArray {
  const [batch, width] = value.shape;
  const chosen = places.map((own) => {
    const set = new Set(own);
    return range(width).map((at) => (set.has(at) ? 1 : 0));
  });
  const mask = mx.greater(mx.array(chosen), 0).reshape([batch, width, 1]);
  const counts = mx.array(places.map(({ length }) => [length]));
  return mx.divide(mx.sum(mx.where(mask, value, 0), 1), counts);
}
