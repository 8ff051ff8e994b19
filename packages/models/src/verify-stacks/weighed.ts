/** What models without a way to tokens are asked, where others are asked for a token's lead. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** A number of all scores or components: each with a weight of its own. @param scores (…, scores) */
export function weighed(scores: MxArray): MxArray {
  const count = scores.shape.at(-1) ?? 1;
  return mx.sum(mx.multiply(scores, mx.sin(mx.arange(1, count + 1, 1, mx.float32))));
}

/** No invariant of such a model asks for a memory. */
export const unremembering = () => () => {
  throw new RangeError("this model remembers nothing");
};
