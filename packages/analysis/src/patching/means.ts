/** The mean of activations over prompts, at each position or over all of them. */
import { evaluate, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { inBatches } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";

/** Which axis of a site holds positions. */
export type PositionAxis = (site: string) => 1 | 2;

interface Means {
  readonly batchSize: number;
  readonly axisOf: PositionAxis;
  /** Tokens of the longest prompt that is to be changed, where every position has a mean of its own; else null. */
  readonly eachPosition: number | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The mean over prompts, padding left out: at each position over the prompts that have it, counted from their beginning, or over all
 * tokens.
 *
 * @param prompts token ids; over all tokens, a prompt counts by how many it has
 * @returns for each site (1, positions or 1, …), or (1, units, positions or 1, …)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where no prompt reaches a position
 */
export async function meanActivations(
  model: AnalysisModel,
  sites: readonly string[],
  prompts: readonly (readonly number[])[],
  { batchSize, axisOf, eachPosition, signal }: Means,
): Promise<Map<string, MxArray>> {
  const lengths = prompts.map(({ length }) => length);
  const width = Math.max(...lengths);
  if (eachPosition !== null && width < eachPosition) {
    const rule = `the longest has ${width} tokens, but a prompt has ${eachPosition}: its last positions have no mean. Give prompts of the same template.`;
    throw new InvalidArgumentError("reference", lengths, rule);
  }
  const sums = new Map<string, MxArray>();
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    const cache = await model.run(batch, { save: [...sites] });
    for (const site of sites) {
      const sum = sumOfPrompts(cache.get(site), batch, { axis: axisOf(site), width, eachPosition });
      const before = sums.get(site);
      sums.set(site, before ? mx.add(before, sum) : sum);
    }
    await evaluate([...sums.values()]);
  }
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const counts = Array.from({ length: width }, (_, at) => lengths.filter((length) => length > at).length); // biome-ignore format: one list
  const means = [...sums].map(([site, sum]): [string, MxArray] => {
    if (eachPosition === null) return [site, mx.divide(sum, tokens)];
    const divisor = mx.array(counts, mx.float32);
    return [site, mx.divide(sum, divisor.reshape(onAxis(sum.ndim, axisOf(site), width)))];
  });
  await evaluate(means.map(([, mean]) => mean));
  return new Map(means);
}

interface Summed {
  readonly axis: 1 | 2;
  readonly width: number;
  readonly eachPosition: number | null;
}

/** (batch, …) → (1, …), padding left out, as wide as the longest of all prompts, or summed over positions too. */
function sumOfPrompts(
  x: MxArray,
  batch: readonly (readonly number[])[],
  { axis, width, eachPosition }: Summed,
): MxArray {
  const positions = x.shape[axis];
  const real = batch.map(({ length }) => Array.from({ length: positions }, (_, at) => at < length));
  const shape = onAxis(x.ndim, axis, positions).with(0, batch.length);
  const mask = mx.array(real).reshape(shape);
  const kept = mx.where(mask, x.astype(mx.float32), mx.array(0));
  if (eachPosition === null) return mx.sum(kept, [0, axis], true);
  const sum = mx.sum(kept, 0, true);
  if (positions === width) return sum;
  return mx.concatenate([sum, mx.zeros(sum.shape.with(axis, width - positions))], axis);
}

/** A shape of ones but for one axis. */
function onAxis(ndim: number, axis: number, size: number): number[] {
  return Array.from({ length: ndim }, (_, at) => (at === axis ? size : 1));
}
