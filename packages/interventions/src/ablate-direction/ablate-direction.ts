/** Removes what an activation says along given directions. */
import type { Intervention } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { along, type Directions } from "../directions/along.js";
import { HeldArray } from "../values/held-array.js";

/** Its data. */
export const ablateDirectionDefinition = defineIntervention({
  type: "ablateDirection",
  fields: { directions: arrayField() },
  make: ({ directions }) =>
    along("ablateDirection", directions, (x, coordinates, basis) =>
      mx.addmm(x, coordinates, basis, -1),
    ),
});

/**
 * Removes the part of an activation that lies in the span of the directions: x ↦ x − U Uᵀ x along the last axis
 * (directional ablation, Arditi et al. 2024). Afterwards the activation has no component along any of them.
 *
 * @param directions as for `project`
 * @returns an intervention for a floating-point site of shape (…, hidden)
 * @throws as `project`
 * @example
 * await model.run(prompt, { interventions: { "layers.*": ablateDirection(direction) } });
 */
export function ablateDirection(directions: Directions): Intervention {
  return ablateDirectionDefinition.create({ directions: new HeldArray("directions", directions) });
}
