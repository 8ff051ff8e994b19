/**
 * Softmax and the logarithm of summed exponentials over many numbers. On the CPU, MLX adds a row into a few running totals: over a
 * vocabulary of 32,000 what is added last is lost against what is there already, so that probabilities are off by 1e-4 and an
 * entropy by 1e-3. A product with ones adds in blocks, exactly to float32's last digits, and takes no longer.
 */
import { type Calls, logSumExp, manyInRow } from "./operations-in-steps.js";
import type { MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

type Reduce = (x: MxArray, ...rest: unknown[]) => MxArray;

/** Exchanges both where a row is long; what else is asked is passed on as it came. */
export function installSoundTotals(mx: Mx): void {
  const core = mx as unknown as Calls;
  const prototype = mx.array.prototype as unknown as Calls;
  const { logsumexp, softmax } = core as unknown as Readonly<Record<string, Reduce>>;
  const total: Reduce = (x, ...rest) =>
    manyInRow(mx, x, rest[0])
      ? logSumExp(mx, x, rest[0] as number, rest[1] as boolean)
      : logsumexp(x, ...rest);
  core.logsumexp = total as Calls[string];
  prototype.logsumexp = function (this: unknown, ...rest) {
    return total(this as MxArray, ...rest);
  };
  const shares: Reduce = (x, ...rest) => {
    const own = softmax(x, ...rest);
    if (!manyInRow(mx, x, rest[0])) return own;
    return mx.divide(own, mx.matmul(own, mx.ones([own.shape[own.ndim - 1], 1])));
  };
  core.softmax = shares as Calls[string];
}
