/**
 * The correction of AtP* for queries and keys: the softmax that they act through is run, and only what comes after it is taken
 * to be linear.
 *
 * A softmax that has decided has no slope, though another query would decide otherwise. Queries of a position change that row of the
 * pattern, so one pass with all queries of the other prompt, and the pattern put back afterwards, has every row. A key at a position
 * changes one score in every row; what that does to a softmax is known in closed form.
 *
 * Source: Kramár et al. 2024, arXiv 2403.00745, section 3.1.
 */
import type { ActivationCache, Interventions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";
import { nodeSite } from "./nodes.js";

/** Whose values and gradients are needed. */
export const softmaxSites = ["layers.*.selfAttn.pattern", "layers.*.selfAttn.scores"];

interface Patched {
  readonly model: AnalysisModel;
  readonly ids: readonly (readonly number[])[];
  readonly source: ActivationCache;
}

interface Slopes {
  readonly values: ActivationCache;
  readonly gradients: { get(site: string): MxArray };
}

/** @returns by layer the effect of every query or key, (pair, head, position) */
export async function exactSoftmax(
  { model, ids, source }: Patched,
  { values, gradients }: Slopes,
  kind: "query" | "key",
  layers: readonly number[],
): Promise<MxArray[]> {
  const wanted = kind === "query" ? "pattern" : "scores";
  const seen: MxArray[] = [];
  const interventions: Record<string, Interventions[string]> = {};
  for (const [at, layer] of layers.entries()) {
    const of = `layers.${layer}.selfAttn`;
    const site = nodeSite(kind, layer);
    const before = values.get(`${of}.pattern`);
    interventions[site] = () => source.get(site);
    interventions[`${of}.scores`] = (x) => {
      if (wanted === "scores") seen[at] = x;
      return x;
    };
    interventions[`${of}.pattern`] = (x) => {
      if (wanted === "pattern") seen[at] = x;
      return before; // so that later layers read what they read
    };
  }
  const last = `layers.${model.anatomy.layers - 1}`;
  const found = await lazyPass(model, ids as number[][], { interventions }, (trace) => {
    void trace.at(last).value;
    return seen.map((x) => mx.add(x, 0));
  });
  return found.map((other, at) => {
    const layer = layers[at];
    const of = `layers.${layer}.selfAttn`;
    const [pattern, slope] = [values, gradients].map((cache) => cache.get(`${of}.pattern`).astype(mx.float32)); // biome-ignore format: one line
    if (kind === "query") return mx.sum(mx.multiply(slope, mx.subtract(other, pattern)), -1);
    const byHead = oneScore(pattern, slope, values.get(`${of}.scores`), other);
    const shared = source.get(nodeSite(kind, layer)).shape[1];
    const [pairs, heads, length] = byHead.shape;
    return mx.sum(byHead.reshape([pairs, shared, heads / shared, length]), 2);
  });
}

/**
 * Of every key by itself: p becomes p·e^δ / (1 + p(e^δ − 1)), and all others of its row p / (1 + p(e^δ − 1)).
 *
 * @param slope of the metric at the pattern, (pair, heads, query, key)
 * @returns (pair, heads, key)
 */
function oneScore(pattern: MxArray, slope: MxArray, before: MxArray, after: MxArray): MxArray {
  const change = mx.subtract(after, before).astype(mx.float32);
  const visible = mx.greater(pattern, 0); // masked scores may be infinite
  const limited = mx.clip(mx.where(visible, change, mx.zerosLike(change)), -50, 50);
  const grown = mx.multiply(pattern, mx.subtract(mx.exp(limited), 1));
  const level = mx.sum(mx.multiply(slope, pattern), -1, true);
  const effect = mx.divide(mx.multiply(grown, mx.subtract(slope, level)), mx.add(grown, 1));
  return mx.sum(effect, 2);
}
