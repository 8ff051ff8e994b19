/** Attention with linear biases: scores that grow with the key's position, each head at its own slope. */
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import type { AlibiConfig } from "../config/config.js";
import type { Positions } from "./pass.js";

/** Adds a layer's bias to its mask: keys (batch, kvHeads, key, headDim) → (1 or batch, heads, 1 or query, key). */
export type ScoreBias = (keys: MxArray, mask: MxArray | null, positions: Positions) => MxArray;

/** Slopes between 1 and 2^-8; a number of heads that is no power of 2 takes every other slope of the next. */
function slopes(heads: number): number[] {
  const whole = 2 ** Math.floor(Math.log2(heads));
  const geometric = (count: number, step: number, among: number) =>
    Array.from({ length: count }, (_, index) => 2 ** ((-8 * (1 + step * index)) / among));
  return [...geometric(whole, 1, whole), ...geometric(heads - whole, 2, 2 * whole)];
}

/**
 * The bias of one kind of layer; the last answer is kept, since every layer of a pass asks for the same.
 * Source: Press et al. 2022, "Train Short, Test Long: Attention with Linear Biases", section 3.
 */
export function createAlibi(config: AlibiConfig, heads: number): ScoreBias {
  const slope = fromFlat(Float32Array.from(slopes(heads)), [heads, 1, 1]);
  let last: { mask: MxArray | null; positions: Positions; keys: number; sum: MxArray };
  return (keys, mask, positions) => {
    const count = keys.shape[2];
    if (last?.mask === mask && sameEnd(last.positions, positions) && last.keys === count) {
      return last.sum;
    }
    const at = keyPositions(count, positions);
    const bias = mx.multiply(biasAt(at), config.factor).astype(keys.dtype);
    last = { mask, positions, keys: count, sum: mask ? mx.add(bias, mask) : bias };
    return last.sum;
  };

  function biasAt(positions: MxArray): MxArray {
    if (!config.rounded) return mx.multiply(slope, positions);
    const product = mx.multiply(slope.astype(mx.bfloat16), positions.astype(mx.bfloat16));
    return product.astype(mx.float32);
  }
}

function sameEnd(a: Positions, b: Positions): boolean {
  return a.ids === b.ids && a.end === b.end;
}

/**
 * Of so many keys up to the newest, (1 or batch, 1, 1, key); where rows are padded on the left, each counts from its
 * own first token.
 */
function keyPositions(keys: number, { ids, end }: Positions): MxArray {
  const first = ids ? 0 : end - keys;
  const index = mx.arange(first, first + keys, 1, mx.float32).reshape([1, 1, 1, keys]);
  if (!ids) return index;
  const newest = ids.index(mx.Slice(), mx.Slice(-1, null)).astype(mx.float32); // (batch, 1)
  const shift = mx.subtract(newest, keys - 1).reshape([-1, 1, 1, 1]);
  return mx.maximum(mx.add(index, shift), 0);
}
