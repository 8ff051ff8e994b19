/** Computes the steps of a generation, and clears away what they leave as often as it pays. */
import { setImmediate as turn } from "node:timers/promises";
import { type MxArray, mx, release } from "@mlxterp/mlx";

/**
 * What may lie about until the next collection. A step replaces the arrays of the one before; collecting each time
 * would cost more than it frees, and a tenth of the time of a small model.
 */
const limits = { bytes: 8 * 2 ** 20, steps: 16 };

/**
 * Evaluates one step after the other. The first, which reads the prompt, releases before it computes; so do those with
 * much to release. Each gives the event loop a turn, in which a signal can be heard.
 */
export function createStepEvaluator(): (arrays: readonly MxArray[]) => Promise<void> {
  let bytes = Number.POSITIVE_INFINITY;
  let steps = 0;
  return async (arrays) => {
    steps++;
    if (bytes > limits.bytes || steps > limits.steps) {
      await release(arrays);
      bytes = 0;
      steps = 0;
    } else {
      await turn();
    }
    mx.eval(...arrays); // not counted as results that grow old: nearly all is replaced by the next step
    for (const { nbytes } of arrays) bytes += nbytes;
  };
}
