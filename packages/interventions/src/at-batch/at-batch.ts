/** Restricts an intervention to some rows of the batch. */
import type { Intervention } from "@mlxterp/core";
import { defineIntervention } from "../definition/define-intervention.js";
import { innerIntervention } from "../definition/fields.js";
import { axisField, indicesField } from "../restrict/fields.js";
import { atSomeIndices } from "../restrict/index-mask.js";
import { type AxisOption, requireAxis } from "../restrict/mask.js";
import { requireFunction, requireIntegers } from "../values/validate.js";

/** Its data. */
export const atBatchDefinition = defineIntervention({
  type: "atBatch",
  fields: { rows: indicesField, intervention: innerIntervention, axis: axisField },
  make: ({ rows, ...rest }) =>
    atSomeIndices(requireIntegers("rows", rows), rest, {
      names: ["batch"],
      what: () => "Batch row",
      wayOut: () => "Name the axis that counts prompts: { axis: 0 }.",
    }),
});

/**
 * Restricts an intervention to some rows of the batch, that is to some of the prompts.
 *
 * @param rows one or several; negative counts from the last
 * @param intervention what happens to them; it sees the whole batch
 * @param options `axis` for a site whose axes have no names
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or fractions; MissingAxisError (`MISSING_AXIS`) at a
 *   site without a batch axis; OutOfRangeError (`OUT_OF_RANGE`) for a row that does not exist
 * @example
 * await model.run([prompt, prompt], { interventions: { "layers.3.mlp": atBatch(1, zeroOut()) } });
 */
export function atBatch(
  rows: number | readonly number[],
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const axis = requireAxis("atBatch", options);
  requireFunction("intervention", intervention);
  return atBatchDefinition.create({ rows, intervention, axis });
}
