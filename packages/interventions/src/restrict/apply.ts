/** Runs an intervention inside another one, and checks what came back. */
import {
  type Intervention,
  InterventionShapeError,
  keepDtype,
  type SiteContext,
} from "@mlxterp/core";
import { isArray, type MxArray } from "@mlxterp/mlx";

/**
 * Applies `intervention` to `x`, whose shape the caller knows already.
 *
 * @returns an array of the same shape and dtype
 * @throws InterventionShapeError (`INTERVENTION_SHAPE`)
 */
export function applyInner(
  intervention: Intervention,
  x: MxArray,
  shape: readonly number[],
  site: SiteContext,
): MxArray {
  const result: unknown = intervention(x, site);
  if (result === x) return x;
  if (!isArray(result)) {
    if (result instanceof Promise) result.catch(() => undefined); // the error below says it all
    const received = result === undefined ? "nothing" : `a value of type ${typeof result}`;
    throw new InterventionShapeError(site.site, shape, received);
  }
  if (!sameShape(shape, result.shape)) {
    throw new InterventionShapeError(site.site, shape, result.shape);
  }
  return keepDtype(site.site, x.dtype, result);
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) {
    if (a[axis] !== b[axis]) return false;
  }
  return true;
}
