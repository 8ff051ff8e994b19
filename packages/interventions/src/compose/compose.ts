/** Several interventions one after the other. */
import type { Intervention } from "@mlxterp/core";
import { defineIntervention } from "../definition/define-intervention.js";
import { innerInterventions } from "../definition/fields.js";
import { applyInner } from "../restrict/apply.js";
import { requireFunction } from "../values/validate.js";

/** Its data. */
export const composeDefinition = defineIntervention({
  type: "compose",
  fields: { interventions: innerInterventions },
  make:
    ({ interventions }) =>
    (x, site) => {
      const { shape } = x;
      return interventions.reduce((value, one) => applyInner(one, value, shape, site), x);
    },
});

/**
 * Applies interventions from left to right; without any, it changes nothing.
 *
 * @param interventions built-in ones or functions of your own; each result must keep the shape, and is cast to the
 *   activation's dtype
 * @throws InterventionShapeError (`INTERVENTION_SHAPE`) when one returns another shape
 * @example
 * await model.run(prompt, { interventions: { "layers.3": compose(ablateDirection(direction), addVector(other)) } });
 */
export function compose(...interventions: readonly Intervention[]): Intervention {
  const list = [...interventions];
  for (const [index, intervention] of list.entries()) {
    requireFunction(`interventions[${index}]`, intervention);
  }
  return composeDefinition.create({ interventions: list });
}
