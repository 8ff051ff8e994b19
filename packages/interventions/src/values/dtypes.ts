/** Kinds of numbers, and what keeps an intervention's result in the dtype of its input. */
import { type Dtype, dtypeName, isFloating, type MxArray, mx } from "@mlxterp/mlx";
import { ValueDtypeError } from "../errors.js";

/** How much a dtype can hold: 0 booleans, 1 integers, 2 floating-point, 3 complex numbers. */
type Rank = 0 | 1 | 2 | 3;

const ranks = new Map<Dtype, Rank>();

/** The rank of a dtype; a value of a higher rank does not fit into a lower one without loss. */
export function rankOf(dtype: Dtype): Rank {
  let rank = ranks.get(dtype);
  if (rank === undefined) {
    if (isFloating(dtype)) rank = 2;
    else if (mx.issubdtype(dtype, mx.integer)) rank = 1;
    else rank = dtype === mx.complex64 ? 3 : 0;
    ranks.set(dtype, rank);
  }
  return rank;
}

/** Casts a result back to the dtype of `x`; the same array when nothing is to do. */
export function keepDtype(x: MxArray, result: MxArray): MxArray {
  const { dtype } = x;
  return result.dtype === dtype ? result : result.astype(dtype);
}

/** Sums and products of half precision lose everything beyond 11 bits, so both happen in float32. */
export function toFloat32(x: MxArray): MxArray {
  return x.dtype === mx.float32 ? x : x.astype(mx.float32);
}

/**
 * Refuses a fraction where the site holds integers.
 *
 * @throws ValueDtypeError (`VALUE_DTYPE`)
 */
export function requireExact(name: string, site: string, value: number, dtype: Dtype): void {
  if (!Number.isInteger(value) && rankOf(dtype) < 2) {
    throw new ValueDtypeError(name, site, String(value), dtypeName(dtype));
  }
}

/**
 * Refuses a site that does not hold floating-point numbers.
 *
 * @throws ValueDtypeError (`VALUE_DTYPE`)
 */
export function requireFloating(name: string, site: string, dtype: Dtype): void {
  if (rankOf(dtype) !== 2) {
    throw new ValueDtypeError(name, site, "its floating-point result", dtypeName(dtype));
  }
}
