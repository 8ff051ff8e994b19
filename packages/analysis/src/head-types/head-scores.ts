/** How much of its attention each head gives to the targets of each kind. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";
import { type HeadKind, headKinds, headTargets } from "./head-kinds.js";

/** Sums over queries, to be divided by their number. */
export interface ScoreSums {
  /** Attention on targets, [layer][head][kind]. */
  readonly attention: readonly (readonly (readonly number[])[])[];
  /** Queries that have a target, [kind]. */
  readonly queries: readonly number[];
}

/**
 * Scores one batch in one pass; of every pattern only the sums leave the device.
 *
 * @param prompts token ids; may differ in length
 */
export async function sumScores(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
): Promise<ScoreSums> {
  const { layers, heads } = model.anatomy;
  const width = Math.max(...prompts.map(({ length }) => length));
  const { masks, queries } = targetMasks(prompts, width);
  const weights = mx.array(masks.map((mask) => Array.from(mask))).T; // (batch · query · key, kinds)
  const sums = await lazyPass(model, prompts, {}, (trace) =>
    Array.from({ length: layers }, (_, layer) =>
      sumTargets(trace.at(`layers.${layer}.selfAttn.pattern`).value, weights),
    ),
  );
  const attention = sums.map((sum) => {
    const flat = [...toFlat(sum)];
    return Array.from({ length: heads }, (_, head) =>
      flat.slice(head * headKinds.length, (head + 1) * headKinds.length),
    );
  });
  return { attention, queries };
}

/** (batch, heads, query, key) and (batch · query · key, kinds) → (heads, kinds) */
function sumTargets(pattern: MxArray, weights: MxArray): MxArray {
  const heads = pattern.shape[1];
  return mx.matmul(pattern.transpose(1, 0, 2, 3).reshape([heads, -1]).astype(mx.float32), weights);
}

/** For each kind 1 at its targets, as (batch, query, key) row by row, and how many queries have any. */
function targetMasks(
  prompts: readonly (readonly number[])[],
  width: number,
): { masks: Float32Array[]; queries: number[] } {
  const masks = headKinds.map(() => new Float32Array(prompts.length * width * width));
  const queries = headKinds.map(() => 0);
  for (const [index, ids] of prompts.entries()) {
    for (let query = 1; query < ids.length; query++) {
      const row = (index * width + query) * width;
      headKinds.forEach((kind, at) => {
        if (markTargets(kind, ids, query, masks[at], row)) queries[at]++;
      });
    }
  }
  return { masks, queries };
}

/** @returns whether the query has a target */
function markTargets(
  kind: HeadKind,
  ids: readonly number[],
  query: number,
  mask: Float32Array,
  row: number,
): boolean {
  let any = false;
  for (let key = 0; key <= query; key++) {
    if (!headTargets[kind](query, key, ids)) continue;
    mask[row + key] = 1;
    any = true;
  }
  return any;
}
