/** Keeps what an activation says along a direction within bounds. */
import type { Intervention } from "@mlxterp/core";
import { checkFinite, checkOptions, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { z } from "zod";
import type { ClampBounds } from "../clamp/clamp.js";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { along } from "../directions/along.js";
import { HeldArray } from "../values/held-array.js";
import type { TypedNumbers } from "../values/numbers.js";

/** Its data. */
export const capDefinition = defineIntervention({
  type: "cap",
  fields: { direction: arrayField(), min: z.number().optional(), max: z.number().optional() },
  make({ direction, min, max }) {
    if (min === undefined && max === undefined) {
      throw new InvalidArgumentError("min", min, "cap needs min, max or both.");
    }
    if (min !== undefined && max !== undefined && min > max) {
      throw new InvalidArgumentError("min", min, `must not exceed max, but ${min} > ${max}.`);
    }
    if (direction.shape.length !== 1) {
      const rule = `must be one direction of shape [hidden], not [${direction.shape.join(", ")}].`;
      throw new InvalidArgumentError("direction", direction.given, rule);
    }
    return along("cap", direction, (x, coordinates, basis) => {
      let held = coordinates;
      if (min !== undefined) held = mx.maximum(held, min);
      if (max !== undefined) held = mx.minimum(held, max);
      return mx.addmm(x, mx.subtract(held, coordinates), basis);
    });
  },
});

/**
 * Limits an activation's coordinate along a direction, and leaves all else as it is: x ↦ x + (clip(x·u) − x·u) u, with u the direction at
 * length 1. Unlike an added vector it does nothing to an activation that is within the bounds already.
 *
 * @param direction (hidden), not zero; its length does not matter
 * @param bounds finite numbers in the activation's own unit, `min` at most `max`
 * @returns an intervention for a floating-point site of shape (…, hidden)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) without a bound, for a zero direction, or min > max; ValueShapeError (`VALUE_SHAPE`)
 * @example
 * await model.run(prompt, { interventions: { "layers.2": cap(direction, { max: 0 }) } });
 */
export function cap(
  direction: readonly number[] | TypedNumbers | MxArray,
  bounds: ClampBounds,
): Intervention {
  checkOptions<ClampBounds>("cap", bounds, { min: checkFinite, max: checkFinite });
  return capDefinition.create({ direction: new HeldArray("direction", direction), ...bounds });
}
