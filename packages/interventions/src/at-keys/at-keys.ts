/** Restricts an intervention to some tokens that are attended to. */
import type { Intervention, Positions } from "@mlxterp/core";
import { defineIntervention } from "../definition/define-intervention.js";
import { innerIntervention } from "../definition/fields.js";
import { axisField, positionsField } from "../restrict/fields.js";
import { type AxisOption, requireAxis } from "../restrict/mask.js";
import { atSomePositions } from "../restrict/position-mask.js";
import { requireFunction } from "../values/validate.js";

/** Its data. */
export const atKeysDefinition = defineIntervention({
  type: "atKeys",
  fields: { positions: positionsField, intervention: innerIntervention, axis: axisField },
  make: (fields) => atSomePositions("atKeys", fields),
});

/**
 * Restricts an intervention to some keys of `scores` or `pattern`: the tokens that are attended to. Positions are as in
 * `atPositions`; while generating, a key stays within reach of every later step.
 *
 * @throws as `atPositions`
 * @example
 * // the last token cannot look at token 2 (attention knockout, Geva et al. 2023)
 * const knockout = atPositions(-1, atKeys(2, replaceWith(-Infinity)));
 * await model.run(prompt, { interventions: { "layers.3.selfAttn.scores": knockout } });
 */
export function atKeys(
  positions: Positions,
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const axis = requireAxis("atKeys", options);
  requireFunction("intervention", intervention);
  return atKeysDefinition.create({ positions, intervention, axis });
}
