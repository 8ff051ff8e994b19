/** Several interventions one after the other. */
import type { Intervention } from "@mlxterp/core";
import { applyInner } from "./apply.js";
import { describe, specify } from "./specification.js";
import { requireFunction } from "./validate.js";

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
  return specify(
    "compose",
    (x, site) => {
      const { shape } = x;
      return list.reduce((value, intervention) => applyInner(intervention, value, shape, site), x);
    },
    (path) => ({
      type: "compose",
      interventions: list.map((intervention, index) =>
        describe(intervention, [...path, "interventions", index]),
      ),
    }),
  );
}
