/** Interventions that need only plain numbers: scale and clamp. */
import type { Intervention } from "@mlxterp/core";
import { checkFinite, checkOptions, InvalidArgumentError, mx } from "@mlxterp/mlx";
import { keepDtype, requireExact } from "./dtypes.js";
import { specify } from "./specification.js";

/**
 * Multiplies an activation by a number: 0.5 weakens a component, 2 amplifies it, -1 turns it around.
 * In half precision the factor is rounded to the activation's dtype first.
 *
 * @param factor finite
 * @returns an intervention for a site of any shape and dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for NaN or an infinity;
 *   ValueDtypeError (`VALUE_DTYPE`) when a fraction meets a site of integers
 * @example
 * await model.run("The capital of France is", { interventions: { "layers.3.mlp": scale(0.5) } });
 */
export function scale(factor: number): Intervention {
  checkFinite("factor", factor);
  return specify(
    "scale",
    (x, { site }) => {
      requireExact("scale", site, factor, x.dtype);
      return keepDtype(x, mx.multiply(x, factor));
    },
    () => ({ type: "scale", factor }),
  );
}

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
  const { min, max } = bounds;
  if (min === undefined && max === undefined) {
    throw new InvalidArgumentError("min", min, "clamp needs min, max or both.");
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new InvalidArgumentError("min", min, `must not exceed max, but ${min} > ${max}.`);
  }
  return specify(
    "clamp",
    (x, { site }) => {
      let result = x;
      // maximum and minimum keep half precision; clip would make it float32
      if (min !== undefined) {
        requireExact("clamp", site, min, x.dtype);
        result = mx.maximum(result, min);
      }
      if (max !== undefined) {
        requireExact("clamp", site, max, x.dtype);
        result = mx.minimum(result, max);
      }
      return keepDtype(x, result);
    },
    () => ({ type: "clamp", ...(min !== undefined && { min }), ...(max !== undefined && { max }) }),
  );
}
