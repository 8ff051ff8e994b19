/** Keeps what an activation says along given directions. */
import type { Intervention } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { along, type Directions } from "../directions/along.js";
import { HeldArray } from "../values/held-array.js";

/** Its data. */
export const projectDefinition = defineIntervention({
  type: "project",
  fields: { directions: arrayField() },
  make: ({ directions }) =>
    along("project", directions, (_x, coordinates, basis) => mx.matmul(coordinates, basis)),
});

/**
 * Keeps only the part of an activation that lies in the span of the directions: x ↦ U Uᵀ x along the last axis.
 *
 * Length does not matter and several directions need not be orthogonal: they are orthonormalised in double
 * precision. The product is computed in float32 and cast back.
 *
 * @param directions (hidden) or (directions, hidden), as long as the site's last axis; copied, and an array is evaluated
 * @returns an intervention for a floating-point site of shape (…, hidden)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a zero direction; ValueShapeError (`VALUE_SHAPE`) at a site of another length;
 *   ValueDtypeError (`VALUE_DTYPE`) at a site of integers
 * @example
 * await model.run(prompt, { interventions: { "layers.2": project(direction) } });
 */
export function project(directions: Directions): Intervention {
  return projectDefinition.create({ directions: new HeldArray("directions", directions) });
}
