/** Restricts an intervention to some attention heads. */
import type { Intervention } from "@mlxterp/core";
import { defineIntervention } from "../definition/define-intervention.js";
import { innerIntervention } from "../definition/fields.js";
import { axisField, indicesField } from "../restrict/fields.js";
import { atSomeIndices } from "../restrict/index-mask.js";
import { type AxisOption, requireAxis } from "../restrict/mask.js";
import { requireFunction, requireIntegers } from "../values/validate.js";

/** Its data. */
export const atHeadsDefinition = defineIntervention({
  type: "atHeads",
  fields: { heads: indicesField, intervention: innerIntervention, axis: axisField },
  make: ({ heads, ...rest }) =>
    atSomeIndices(requireIntegers("heads", heads), rest, {
      names: ["heads", "kvHeads"],
      what: ({ axes }) => (axes?.includes("kvHeads") ? "Key-value head" : "Head"),
      wayOut: ({ site }) =>
        `Heads have an axis of their own at ${attentionOf(site)}.z, .q, .pattern and .result, and at .k and .v; or name it: { axis }.`,
    }),
});

/**
 * Restricts an intervention to some attention heads.
 *
 * The inner intervention sees all heads; its result is kept at those named. The site must have an axis `heads`
 * (`selfAttn.q`, `scores`, `pattern`, `z`, `result`) or `kvHeads` (`k`, `v`); numbers are checked against that very
 * axis, so a query head is never taken for a key-value head.
 *
 * @param heads one or several; negative counts from the last
 * @param intervention what happens to them
 * @param options `axis` for a site whose axes have no names
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or fractions; MissingAxisError (`MISSING_AXIS`) at a
 *   site without heads; OutOfRangeError (`OUT_OF_RANGE`) for a head that does not exist
 * @example
 * await model.run(prompt, { interventions: { "layers.3.selfAttn.z": atHeads([0, 2], zeroOut()) } });
 */
export function atHeads(
  heads: number | readonly number[],
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const axis = requireAxis("atHeads", options);
  requireFunction("intervention", intervention);
  return atHeadsDefinition.create({ heads, intervention, axis });
}

/** The attention module of the layer a site belongs to, for the way out. */
function attentionOf(site: string): string {
  const layer = /^(?:.*\.)?layers\.\d+/.exec(site);
  return `${layer ? layer[0] : "layers.0"}.selfAttn`;
}
