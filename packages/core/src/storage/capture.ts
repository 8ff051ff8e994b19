/** Chosen positions and a smaller dtype, taken while nothing is computed yet: the whole value is never kept. */
import { InvalidArgumentError, isFloating, type MxArray, mx } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { MissingAxisError } from "../errors.js";
import type { FoundSite } from "../pass/found-site.js";
import { atPositions } from "../tokens/positions.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { CacheEntry } from "./entry.js";
import { savedSite } from "./saved-site.js";

/** What of each value is kept. */
export interface CaptureOptions {
  /** One position (drops the axis) or several, negative from each prompt's own end. Default: all, padding included. */
  readonly positions?: number | readonly number[];
  /**
   * What floating values are held in. Half precision is for holding: on the CPU, convert before multiplying, with
   * `cache.get(site, { dtype: "float32" })`. Default: as computed.
   */
  readonly dtype?: "float32" | "float16" | "bfloat16";
}

const dtypes: readonly unknown[] = ["float32", "float16", "bfloat16", undefined];

/**
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that a prompt does not have, MissingAxisError
 * (`MISSING_AXIS`) when positions of a site without them are asked for
 */
export function capture(
  found: FoundSite,
  tokens: TokenBatch | undefined,
  { positions, dtype }: CaptureOptions = {},
): CacheEntry {
  checkDtype(dtype);
  const site = savedSite(found, tokens?.array.shape[1]);
  const { order, value: whole } = found;
  if (positions === undefined) return { site, value: cast(whole, dtype), order };
  const { axes, positionAxis } = site;
  if (positionAxis === undefined) {
    const way = "Save it in a run of its own, without `positions`.";
    throw new MissingAxisError(site.name, "position", axes, way);
  }
  const list = typeof positions === "number" ? [positions] : positions;
  const at = { lengths: tokens?.lengths, axis: positionAxis };
  const chosen = atPositions(whole, list, at).moveaxis(1, positionAxis);
  if (typeof positions !== "number") return { site, value: cast(chosen, dtype), order };
  const value = cast(chosen.squeeze(positionAxis), dtype);
  const without = { axes: dropAxis(axes, positionAxis), positionAxis: undefined };
  return { site: { ...site, ...without }, value, order };
}

function dropAxis(axes: Axes | undefined, dropped: number): Axes | undefined {
  return axes?.filter((_, axis) => axis !== dropped);
}

function cast(value: MxArray, dtype: CaptureOptions["dtype"]): MxArray {
  return dtype && isFloating(value.dtype) ? value.astype(mx[dtype]) : value;
}

function checkDtype(dtype: unknown): void {
  if (dtypes.includes(dtype)) return;
  const rule = `values are held in float32, float16 or bfloat16, not in ${String(dtype)}.`;
  throw new InvalidArgumentError("dtype", dtype, rule);
}
