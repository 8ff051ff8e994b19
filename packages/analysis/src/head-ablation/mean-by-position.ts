/** Each head's mean value mix at each position, over prompts of one template. */
import type { Intervention } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";

/** Token ids, some prompts at a time. */
type Batches = readonly (readonly (readonly number[])[])[];

/**
 * The mean of `layers.i.selfAttn.z` at each position over the prompts that have it, counted from their beginning.
 *
 * @param longest tokens of the longest prompt that is to be changed
 * @returns (1, positions, heads, headDim) for each layer
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where no reference prompt reaches a position
 */
export async function meanByPosition(
  model: AnalysisModel,
  layers: readonly number[],
  batches: Batches,
  longest: number,
): Promise<Map<number, MxArray>> {
  const lengths = batches.flat().map(({ length }) => length);
  const width = Math.max(...lengths);
  if (width < longest) {
    const rule = `the longest has ${width} tokens, but a prompt has ${longest}: its last positions have no mean. Give prompts of the same template.`;
    throw new InvalidArgumentError("reference", lengths, rule);
  }
  const sums = new Map<number, MxArray>();
  for (const batch of batches) {
    const sites = layers.map((layer) => `layers.${layer}.selfAttn.z`);
    const cache = await model.run(batch, { save: sites });
    for (const [at, layer] of layers.entries()) {
      const sum = sumOfPrompts(cache.get(sites[at]), batch, width);
      const before = sums.get(layer);
      sums.set(layer, before ? mx.add(before, sum) : sum);
    }
    await evaluate([...sums.values()]);
  }
  const counts = Array.from(
    { length: width },
    (_, position) => lengths.filter((length) => length > position).length,
  );
  const divisor = mx.array(counts, mx.float32).reshape([1, width, 1, 1]);
  return new Map([...sums].map(([layer, sum]) => [layer, mx.divide(sum, divisor)]));
}

/** (batch, positions, heads, headDim) → (1, width, heads, headDim), padding left out */
function sumOfPrompts(z: MxArray, batch: Batches[number], width: number): MxArray {
  const [, positions, ...rest] = z.shape;
  const real = batch.map(({ length }) =>
    Array.from({ length: positions }, (_, position) => position < length),
  );
  const mask = mx.array(real).reshape([batch.length, positions, 1, 1]);
  const sum = mx.sum(mx.where(mask, z.astype(mx.float32), mx.array(0)), 0, true);
  if (positions === width) return sum;
  return mx.concatenate([sum, mx.zeros([1, width - positions, ...rest])], 1);
}

/** Puts the mean of each position in its place. */
export function ablateByPosition(mean: MxArray): Intervention {
  return (x) => {
    const own = mean.index(mx.Slice(), mx.Slice(0, x.shape[1]));
    return mx.broadcastTo(own.astype(x.dtype), x.shape);
  };
}
