/** Restrictions to some tokens of each prompt. */
import { checkPositions, type Intervention, type Positions } from "@mlxterp/core";
import { type AxisOption, blend, requireAxis } from "./mask.js";
import { positionMasks, type Restriction } from "./position-mask.js";
import { describe, specify } from "./specification.js";
import { requireFunction } from "./validate.js";

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
 *   (`MISSING_AXIS`) at a site without positions; OutOfRangeError (`OUT_type_RANGE`) for a position that does not exist
 * @example
 * await model.run(prompt, { interventions: { "layers.2": atPositions(-1, addVector(direction)) } });
 */
export function atPositions(
  positions: Positions,
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  return restrict("atPositions", positions, intervention, options);
}

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
  return restrict("atKeys", positions, intervention, options);
}

function restrict(
  type: Restriction,
  positions: Positions,
  intervention: Intervention,
  options: AxisOption,
): Intervention {
  const chosen = checkPositions("positions", positions);
  const axis = requireAxis(type, options);
  requireFunction("intervention", intervention);
  const masks = positionMasks(type, chosen, axis);
  return specify(
    type,
    (x, site) => {
      const { shape } = x;
      return blend(masks(shape, site), intervention, x, shape, site);
    },
    (path) => ({
      type,
      positions: chosen,
      intervention: describe(intervention, [...path, "intervention"]),
      ...(axis !== undefined && { axis }),
    }),
  );
}
