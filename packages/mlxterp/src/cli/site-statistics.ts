/** What an activation looks like in a few numbers. */
import type { ActivationCache, Axes } from "@mlxterp/core";
import { dtypeName, evaluate, type MxArray, mx } from "@mlxterp/mlx";

/** One site's value in numbers. */
export interface SiteStatistics {
  readonly site: string;
  readonly shape: readonly number[];
  readonly axes: Axes | undefined;
  readonly dtype: string;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Euclidean, over everything at the prompt's last token; null where the value has no positions. */
  readonly lastNorm: number | null;
}

/**
 * Statistics over whole values, reduced on the device: only five numbers of each travel.
 *
 * @param cache of one prompt
 * @param axesOf the axes of a site, where they are known
 */
export async function siteStatistics(
  cache: ActivationCache,
  axesOf: (site: string) => Axes | undefined,
): Promise<SiteStatistics[]> {
  const entries = cache.entries().map(([site, value]) => ({ site, value, axes: axesOf(site) }));
  const numbers = entries.map(({ value, axes }) => reduce(value, axes));
  await evaluate(numbers);
  return entries.map(({ site, value, axes }, index): SiteStatistics => {
    const [mean, variance, minimum, maximum, norm] = numbers[index].tolist() as number[];
    const standardDeviation = Math.sqrt(variance);
    const lastNorm = norm < 0 ? null : norm;
    return {
      site,
      shape: value.shape,
      axes,
      dtype: dtypeName(value.dtype),
      mean,
      standardDeviation,
      minimum,
      maximum,
      lastNorm,
    };
  });
}

/** (5): mean, variance, minimum, maximum, and the norm at the last token or -1 */
function reduce(value: MxArray, axes: Axes | undefined): MxArray {
  const x = value.astype(mx.float32);
  return mx.stack([mx.mean(x), mx.variance(x), mx.min(x), mx.max(x), lastNorm(x, axes)]);
}

function lastNorm(x: MxArray, axes: Axes | undefined): MxArray {
  const known = axes?.length === x.ndim ? axes : undefined;
  const position = known
    ? known.findIndex((axis) => axis === "position" || axis === "query")
    : x.ndim === 3
      ? 1 // (batch, position, hidden), as everywhere in a decoder
      : -1;
  if (position < 0) return mx.array(-1);
  const last = mx.take(x, mx.array(x.shape[position] - 1, mx.int32), position);
  return mx.sqrt(mx.sum(mx.square(last)));
}
