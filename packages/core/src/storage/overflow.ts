/** Values that are finite as computed but infinite in the dtype they are kept in: found beside the values, and refused. */
import {
  checkArray,
  checkChoice,
  checkText,
  dtypeNames,
  InvalidArgumentError,
  isFloating,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { DtypeOverflowError } from "./errors.js";

/** From where on numbers round to infinity. */
const limits = { float16: 65_520, bfloat16: (2 - 2 ** -8) * 2 ** 127 };

/** What a value is kept in that can hold less than it was computed in. */
export type NarrowDtype = keyof typeof limits;

/**
 * The largest finite size in a value that will be cast, to be computed with it; undefined where nothing can overflow.
 *
 * @returns a scalar float32, lazy
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no array, or no name of a dtype
 * @example
 * largestCast(mx.array([1, -3]), "float16")?.item(); // 3
 */
export function largestCast(value: MxArray, dtype: string | undefined): MxArray | undefined {
  checkArray("value", value);
  if (dtype !== undefined) checkChoice("dtype", dtype, dtypeNames);
  if (!isNarrow(dtype) || !isFloating(value.dtype) || value.dtype.size <= 2 || value.size === 0) {
    return undefined;
  }
  const size = mx.abs(value);
  const infinite = mx.logicalOr(mx.isinf(size), mx.isnan(size));
  return mx.max(mx.where(infinite, mx.zerosLike(size), size));
}

/**
 * @param largest from `largestCast`, computed
 * @param where it happened, such as ` in sequences 0 … 7`
 * @throws DtypeOverflowError (`DTYPE_OVERFLOW`); InvalidArgumentError (`INVALID_ARGUMENT`) for what is no name of a dtype
 * @example
 * requireHeld("layers.0", "float16", mx.array(3));
 */
export function requireHeld(site: string, dtype: string, largest: MxArray, where = ""): void {
  checkText("site", site);
  checkChoice("dtype", dtype, dtypeNames);
  checkText("where", where);
  if (checkArray("largest", largest).size !== 1) {
    throw new InvalidArgumentError("largest", largest, "must hold one number.");
  }
  const size = Number(largest.item());
  if (isNarrow(dtype) && size >= limits[dtype])
    throw new DtypeOverflowError(site, dtype, size, where);
}

function isNarrow(dtype: string | undefined): dtype is NarrowDtype {
  return dtype !== undefined && Object.hasOwn(limits, dtype);
}
