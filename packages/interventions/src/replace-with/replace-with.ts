/** Puts a number or given values in an activation's place. */
import type { Intervention } from "@mlxterp/core";
import type { MxArray } from "@mlxterp/mlx";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { fill } from "../values/fill.js";
import { HeldArray } from "../values/held-array.js";
import type { Numbers } from "../values/numbers.js";

/** Its data. */
export const replaceWithDefinition = defineIntervention({
  type: "replaceWith",
  fields: { value: arrayField({ infinities: true }) },
  make:
    ({ value }) =>
    (x, { site }) =>
      fill("replaceWith", value, x, site),
});

/**
 * Replaces an activation by given values.
 *
 * The value must have the activation's shape or broadcast to it: counted from the last, each of its axes is equal
 * to the activation's or 1, and leading axes may be missing. Nothing is cut or aligned.
 * The value is copied, and what the model receives is never the array that was given.
 *
 * @param value a number (infinities are allowed: `replaceWith(-Infinity)` removes attention scores), nested numbers, or an array
 * @returns an intervention whose result has the site's shape and dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for NaN or irregular lists; ValueShapeError (`VALUE_SHAPE`) when it
 *   does not broadcast; ValueDtypeError (`VALUE_DTYPE`) when fractions meet a site of integers
 * @example
 * replaceWith(0.5);
 * replaceWith(cache.get("layers.3"));
 */
export function replaceWith(value: Numbers | MxArray): Intervention {
  const held = new HeldArray("value", value, { infinities: true });
  return replaceWithDefinition.create({ value: held });
}
