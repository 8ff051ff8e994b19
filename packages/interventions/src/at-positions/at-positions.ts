/** Restricts an intervention to some tokens of each prompt. */
import type { Intervention, Positions } from "@mlxterp/core";
import { defineIntervention } from "../definition/define-intervention.js";
import { innerIntervention } from "../definition/fields.js";
import { axisField, positionsField } from "../restrict/fields.js";
import { type AxisOption, requireAxis } from "../restrict/mask.js";
import { atSomePositions } from "../restrict/position-mask.js";
import { requireFunction } from "../values/validate.js";

/** Its data. */
export const atPositionsDefinition = defineIntervention({
  type: "atPositions",
  fields: { positions: positionsField, intervention: innerIntervention, axis: axisField },
  make: (fields) => atSomePositions("atPositions", fields),
});

/**
 * Restricts an intervention to some tokens of each prompt.
 *
 * Positions are absolute: 0 is the prompt's first token, and while generating they go on counting. Negative ones
 * count from each prompt's own end, so -1 is its last token whatever the padding, and never a generated one.
 * `{ from, to }` leaves `to` out, as in `slice`; without `to` it includes generated tokens: `{ from: -1 }` is the
 * prompt's last token and all that follow. At `scores` and `pattern` the position is that of the query (see `atKeys`).
 *
 * In a plain pass every named position must exist in every prompt; while generating, those that a step does not compute
 * are skipped. The inner intervention sees all positions; its result is kept at those named.
 *
 * @param positions one, several, or a range
 * @param intervention what happens to them
 * @param options `axis` for a site whose axes have no names
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or range, or fractions; MissingAxisError
 *   (`MISSING_AXIS`) at a site without positions; OutOfRangeError (`OUT_OF_RANGE`) for a position that does not exist
 * @example
 * await model.run(prompt, { interventions: { "layers.2": atPositions(-1, addVector(direction)) } });
 */
export function atPositions(
  positions: Positions,
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const axis = requireAxis("atPositions", options);
  requireFunction("intervention", intervention);
  return atPositionsDefinition.create({ positions, intervention, axis });
}
