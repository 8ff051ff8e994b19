/** Chosen positions and a smaller dtype, taken while nothing is computed yet: the whole value is never kept. */

import { isFloating, type MxArray, mx, type OptionNames, oneOf } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { MissingAxisError } from "../errors.js";
import type { FoundSite } from "../pass/found-site.js";
import { atPositions, checkPositions, type Positions } from "../tokens/positions.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { CacheEntry } from "./entry.js";
import { largestCast } from "./overflow.js";
import { savedSite } from "./saved-site.js";

/** What of each value is kept. */
export interface CaptureOptions {
  /**
   * One position (drops the axis), several or a range, negative from each prompt's own end. Default: all, padding
   * included.
   */
  readonly positions?: Positions;
  /**
   * What floating values are held in. Half precision is for holding: on the CPU, convert before multiplying, with
   * `cache.get(site, { dtype: "float32" })`. Default: as computed.
   */
  readonly dtype?: "float32" | "float16" | "bfloat16";
}

/** What its values must be. */
export const captureRules: OptionNames<CaptureOptions> = {
  positions: checkPositions,
  dtype: oneOf("float32", "float16", "bfloat16"),
};

/**
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that a prompt does not have, MissingAxisError
 * (`MISSING_AXIS`) when positions of a site without them are asked for
 */
export function capture(
  found: FoundSite,
  tokens: TokenBatch | undefined,
  { positions, dtype }: CaptureOptions = {},
): CacheEntry {
  const site = savedSite(found, tokens?.array.shape[1]);
  const { order, value: whole } = found;
  if (positions === undefined) return { site, ...cast(whole, dtype), order };
  const { axes, positionAxis } = site;
  if (positionAxis === undefined) {
    const way = "Save it in a run of its own, without `positions`.";
    throw new MissingAxisError(site.name, "position", axes, way);
  }
  const at = { lengths: tokens?.lengths, axis: positionAxis };
  const chosen = atPositions(whole, positions, at).moveaxis(1, positionAxis);
  if (typeof positions !== "number") return { site, ...cast(chosen, dtype), order };
  const one = cast(chosen.squeeze(positionAxis), dtype);
  const without = { axes: dropAxis(axes, positionAxis), positionAxis: undefined };
  return { site: { ...site, ...without }, ...one, order };
}

function dropAxis(axes: Axes | undefined, dropped: number): Axes | undefined {
  return axes?.filter((_, axis) => axis !== dropped);
}

function cast(value: MxArray, dtype: CaptureOptions["dtype"]) {
  if (!dtype || !isFloating(value.dtype) || value.dtype === mx[dtype]) return { value };
  const largest = largestCast(value, dtype);
  return { value: value.astype(mx[dtype]), ...(largest && { largest }) };
}
