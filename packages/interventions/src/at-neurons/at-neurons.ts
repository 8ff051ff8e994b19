/** Restricts an intervention to some neurons of an MLP, or to some features of a dictionary. */
import type { Intervention } from "@mlxterp/core";
import { defineIntervention } from "../definition/define-intervention.js";
import { innerIntervention } from "../definition/fields.js";
import { axisField, indicesField } from "../restrict/fields.js";
import { atSomeIndices } from "../restrict/index-mask.js";
import { type AxisOption, requireAxis } from "../restrict/mask.js";
import { requireFunction, requireIntegers } from "../values/validate.js";

/** Its data. */
export const atNeuronsDefinition = defineIntervention({
  type: "atNeurons",
  fields: { neurons: indicesField, intervention: innerIntervention, axis: axisField },
  make: ({ neurons, ...rest }) =>
    atSomeIndices(requireIntegers("neurons", neurons), rest, {
      names: ["mlpHidden", "features"],
      what: ({ axes }) => (axes?.includes("mlpHidden") ? "Neuron" : "Feature"),
      wayOut: ({ site }) =>
        `Neurons have an axis of their own at ${mlpOf(site)}.gate, .pre and .post, features where a dictionary is spliced in; or name it: { axis }.`,
    }),
});

/**
 * Restricts an intervention to some neurons of an MLP (`mlp.gate`, `mlp.pre`, `mlp.post`), or to some features of a dictionary that is spliced
 * in (`layers.2.inserted.features`).
 *
 * The inner intervention sees all of them; its result is kept at those named.
 *
 * @param neurons one or several; negative counts from the last
 * @param intervention what happens to them
 * @param options `axis` for a site whose axes have no names
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or fractions; MissingAxisError (`MISSING_AXIS`) at a
 *   site without neurons; OutOfRangeError (`OUT_OF_RANGE`) for a neuron that does not exist
 * @example
 * await model.run(prompt, { interventions: { "layers.3.mlp.post": atNeurons([5, 17], zeroOut()) } });
 */
export function atNeurons(
  neurons: number | readonly number[],
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const axis = requireAxis("atNeurons", options);
  requireFunction("intervention", intervention);
  return atNeuronsDefinition.create({ neurons, intervention, axis });
}

/** The MLP of the layer a site belongs to, for the way out. */
function mlpOf(site: string): string {
  const layer = /^(?:.*\.)?layers\.\d+/.exec(site);
  return `${layer ? layer[0] : "layers.0"}.mlp`;
}
