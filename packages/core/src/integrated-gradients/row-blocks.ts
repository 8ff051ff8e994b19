/** Several copies of a batch in one pass, each with a metric of its own. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { metricValue } from "../gradients/metric-value.js";
import type { GradientMetric } from "../gradients/options.js";
import type { TokenBatch } from "../tokens/tokens.js";

/** The metric of a pass over `weights.length` copies: the weighted sum of what `metric` says of each. */
export function overBlocks(
  metric: GradientMetric,
  weights: readonly number[],
  tokens: TokenBatch | undefined,
): GradientMetric {
  return (output, pass) => {
    const terms = weights.map((weight, index) => {
      const block = (x: MxArray) => blockOf(x, index, weights.length);
      const value = (site: string) => block(pass.value(site));
      const returned = metric(block(output), { tokens, result: pass.result, value });
      return mx.multiply(metricValue(returned), weight);
    });
    return terms.reduce((sum, term) => mx.add(sum, term));
  };
}

function blockOf(x: MxArray, index: number, blocks: number): MxArray {
  return blocks === 1 ? x : x.split(blocks, 0)[index];
}

/** The sum over copies. A value that all rows share has one gradient for all of them already. */
export function sumOfBlocks(gradient: MxArray, shape: readonly number[]): MxArray {
  if (gradient.shape.join() === shape.join()) return gradient;
  return mx.sum(gradient.reshape([-1, ...shape]), 0);
}
