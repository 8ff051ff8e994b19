/** Limits an activation to a range. */
import type { Intervention } from "@mlxterp/core";
import { checkFinite, checkOptions, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { z } from "zod";
import { defineIntervention } from "../definition/define-intervention.js";
import { keepDtype, requireExact } from "../values/dtypes.js";

/** Its data. */
export const clampDefinition = defineIntervention({
  type: "clamp",
  fields: { min: z.number().optional(), max: z.number().optional() },
  make(bounds) {
    const { min, max } = requireBounds(bounds);
    return (x, { site }) => limit(x, { min, max }, site);
  },
});

/** The bounds of `clamp`; at least one. */
export interface ClampBounds {
  /** Values below become this. No lower bound by default. */
  readonly min?: number;
  /** Values above become this. No upper bound by default. */
  readonly max?: number;
}

/**
 * Limits every element of an activation to a range.
 *
 * @param bounds finite numbers, `min` at most `max`
 * @returns an intervention for a site of any shape and dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) without a bound, for bounds that are not finite, or min > max;
 *   ValueDtypeError (`VALUE_DTYPE`) when a fraction meets a site of integers
 * @example
 * await model.run(prompt, { interventions: { "layers.3.mlp.post": clamp({ max: 2 }) } });
 */
export function clamp(bounds: ClampBounds): Intervention {
  checkOptions<ClampBounds>("clamp", bounds, { min: checkFinite, max: checkFinite });
  return clampDefinition.create(bounds);
}

function requireBounds({ min, max }: ClampBounds): ClampBounds {
  if (min === undefined && max === undefined) {
    throw new InvalidArgumentError("min", min, "clamp needs min, max or both.");
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new InvalidArgumentError("min", min, `must not exceed max, but ${min} > ${max}.`);
  }
  return { min, max };
}

/** maximum and minimum keep half precision; clip would make it float32. */
function limit(x: MxArray, { min, max }: ClampBounds, site: string): MxArray {
  let result = x;
  if (min !== undefined) {
    requireExact("clamp", site, min, x.dtype);
    result = mx.maximum(result, min);
  }
  if (max !== undefined) {
    requireExact("clamp", site, max, x.dtype);
    result = mx.minimum(result, max);
  }
  return keepDtype(x, result);
}
