/**
 * What each head writes, as it is added to the residual stream.
 *
 * Where attention's write is normalised, each head's part of it is what the head wrote, divided by the denominator of this run and times
 * the norm's weight: so the parts add up to what is added, in every run.
 */
import type { ActivationCache, Intervention } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ComponentGraph, LayerWiring } from "./graph.js";

/** @returns (batch, position, heads, hidden) */
export function headParts(
  cache: ActivationCache,
  layer: number,
  { writeWeight }: Pick<LayerWiring, "writeWeight">,
): MxArray {
  const result = cache.get(`layers.${layer}.selfAttn.result`).astype(mx.float32);
  if (!writeWeight) return result;
  return partOf(result, cache.get(`layers.${layer}.selfAttn.postNorm.scale`), writeWeight);
}

/** Interventions that change nothing and hand over what heads write, (rows, heads, position, hidden). */
export function headWrites(
  { wiring }: ComponentGraph,
  layer: number,
  wrote: (x: MxArray) => void,
): Record<string, Intervention> {
  const { writeWeight } = wiring[layer];
  const result = `layers.${layer}.selfAttn.result`;
  const byHead = (x: MxArray) => x.transpose(0, 2, 1, 3);
  if (!writeWeight) {
    return {
      [result]: (x) => {
        wrote(byHead(x));
        return x;
      },
    };
  }
  const seen: { result?: MxArray } = {};
  return {
    [result]: (x) => {
      seen.result = x;
      return x;
    },
    [`layers.${layer}.selfAttn.postNorm.scale`]: (scale) => {
      wrote(byHead(partOf(seen.result!, scale, writeWeight))); // heads have written before
      return scale;
    },
  };
}

/** @param scale (batch, position, 1) */
function partOf(result: MxArray, scale: MxArray, weight: MxArray): MxArray {
  return mx.multiply(mx.divide(result, mx.expandDims(scale, 2)), weight);
}

/**
 * What a norm multiplies by, from what it gave: the same for all positions.
 *
 * @param normalized before weight and bias, (batch, position, hidden)
 * @returns (hidden), 0 where nothing was ever read
 */
export function weightOf(normalized: MxArray, output: MxArray): MxArray {
  const [x, y] = [normalized, output].map((one) => one.astype(mx.float32));
  const power = mx.sum(mx.square(x), [0, 1]);
  const safe = mx.where(mx.greater(power, 0), power, mx.onesLike(power));
  return mx.divide(mx.sum(mx.multiply(x, y), [0, 1]), safe);
}
