/**
 * Softmax and the logarithm of summed exponentials over many numbers. On the CPU, MLX adds a row into a few running totals: over a
 * vocabulary of 32,000 what is added last is lost against what is there already, so that probabilities are off by 1e-4 and an
 * entropy by 1e-3. A product with ones adds in blocks, exactly to float32's last digits, and takes no longer.
 */
import { type Calls, logSumExp, manyInRow } from "./operations-in-steps.js";
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

type Reduce = (x: MxArray, axis?: unknown, ...rest: unknown[]) => MxArray;

/** Exchanges both where a row is long. */
export function installSoundTotals(mx: Mx): void {
  const core = mx as unknown as Calls;
  const prototype = mx.array.prototype as unknown as Calls;
  const { logsumexp, softmax } = core as unknown as Readonly<Record<string, Reduce>>;
  const total: Reduce = (x, axis, keepdims) =>
    manyInRow(mx, x, axis)
      ? logSumExp(mx, x, axis as number, keepdims as boolean)
      : logsumexp(x, axis, keepdims);
  core.logsumexp = total as Calls[string];
  prototype.logsumexp = function (this: unknown, ...rest) {
    return total(this as MxArray, ...rest);
  };
  core.softmax = ((x, axis, ...rest) => {
    const shares = softmax(x, axis, ...rest);
    if (!manyInRow(mx, x, axis)) return shares;
    return mx.divide(shares, mx.matmul(shares, mx.ones([shares.shape[shares.ndim - 1], 1])));
  }) satisfies Reduce as unknown as Calls[string];
}
