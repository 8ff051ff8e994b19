/** Restricting an intervention to a part of an activation: masks, and blending by them. */
import {
  type Axis,
  type Intervention,
  indexFromEnd,
  MissingAxisError,
  type SiteContext,
} from "@mlxterp/core";
import { checkInteger, checkOptions, type MxArray, mx } from "@mlxterp/mlx";
import { applyInner } from "./apply.js";

/** Names the axis where a site does not. */
export interface AxisOption {
  /** Which axis of the activation; negative counts from the last. By default it is found by its name. */
  readonly axis?: number;
}

/** Which elements are meant: booleans that broadcast to the activation, or a word where no array is needed. */
export type Mask = MxArray | "all" | "none";

/**
 * Applies an intervention to a whole activation, then keeps its result only where the mask says so. The inner function
 * sees the shape it would see without the restriction, and nested restrictions intersect.
 */
export function blend(
  mask: Mask,
  intervention: Intervention,
  x: MxArray,
  shape: readonly number[],
  site: SiteContext,
): MxArray {
  if (mask === "none") return x;
  const changed = applyInner(intervention, x, shape, site);
  return mask === "all" || changed === x ? changed : mx.where(mask, changed, x);
}

/** A mask from flags in row-major order over some axes of the activation. */
export function maskOf(
  flags: readonly boolean[],
  axes: readonly number[],
  shape: readonly number[],
): Mask {
  if (!flags.includes(true)) return "none";
  if (!flags.includes(false)) return "all";
  const broadcast = shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  return mx.array([...flags], mx.bool).reshape(broadcast);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless the option is absent or an integer */
export function requireAxis(of: string, options: AxisOption): number | undefined {
  checkOptions<AxisOption>(of, options, { axis: checkInteger });
  return options.axis;
}

/**
 * The number of the axis an intervention works on: the one asked for, else the first with one of the names.
 *
 * @throws MissingAxisError (`MISSING_AXIS`), OutOfRangeError (`OUT_OF_RANGE`)
 */
export function findAxis(
  site: SiteContext,
  names: readonly Axis[],
  axis: number | undefined,
  dimensions: number,
  wayOut: () => string,
): number {
  if (axis === undefined) {
    const found = site.axes?.findIndex((name) => names.includes(name)) ?? -1;
    if (found < 0 || found >= dimensions) {
      throw new MissingAxisError(site.site, names.join('" or "'), site.axes, wayOut());
    }
    return found;
  }
  return indexFromEnd("Axis", axis, dimensions, `the activation at "${site.site}"`);
}
