/** Each head's mean value mix over many prompts. */
import type { Axes } from "@mlxterp/core";
import { meanOf } from "@mlxterp/interventions";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";

const axes: Axes = ["batch", "position", "heads", "headDim"];

/**
 * The mean of `layers.i.selfAttn.z` over prompts and positions, padding left out.
 *
 * @param batches token ids; a prompt counts by its number of tokens
 * @returns (1, 1, heads, headDim) for each layer
 */
export async function meanOfHeads(
  model: AnalysisModel,
  layers: readonly number[],
  batches: readonly (readonly (readonly number[])[])[],
): Promise<Map<number, MxArray>> {
  const tokens = batches.map((batch) => batch.reduce((sum, ids) => sum + ids.length, 0));
  const total = tokens.reduce((sum, count) => sum + count, 0);
  const means = new Map<number, MxArray>();
  for (const [index, batch] of batches.entries()) {
    const sites = layers.map((layer) => `layers.${layer}.selfAttn.z`);
    const cache = await model.run(batch, { save: sites });
    for (const [at, layer] of layers.entries()) {
      const share = mx.multiply(meanOf(cache, sites[at], { axes }), tokens[index] / total);
      const before = means.get(layer);
      means.set(layer, before ? mx.add(before, share) : share);
    }
    await evaluate([...means.values()]);
  }
  return means;
}
