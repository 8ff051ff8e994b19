/** Restrictions to some tokens of each prompt. */
import { type Axis, type Intervention, MissingAxisError, type SiteContext } from "@mlxterp/core";
import { ValueShapeError } from "./errors.js";
import type { Positions } from "./json.js";
import { type AxisOption, blend, findAxis, type Mask, maskOf, requireAxis } from "./mask.js";
import { columnsOf, type PromptRow, requirePositions, type Window } from "./position-range.js";
import { describe, specify } from "./specification.js";
import { requireFunction } from "./validate.js";

/**
 * Restricts an intervention to some tokens of each prompt.
 *
 * Positions are absolute: 0 is the prompt's first token, and while generating they go on counting. Negative ones
 * count from each prompt's own end, so -1 is its last token whatever the padding, and never a generated one.
 * `{ from, to }` includes both ends; without `to` it includes generated tokens: `{ from: -1 }` is the prompt's last
 * token and all that follow. At `scores` and `pattern` the position is that of the query (see `atKeys`).
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
 * model.run(prompt, { interventions: { "layers.6": atPositions(-1, addVector(direction)) } });
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
 * model.run(prompt, { interventions: { "layers.5.selfAttn.scores": knockout } });
 */
export function atKeys(
  positions: Positions,
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  return restrict("atKeys", positions, intervention, options);
}

type Restriction = "atPositions" | "atKeys";

const axisNames: Readonly<Record<Restriction, readonly Axis[]>> = {
  atPositions: ["position", "query"],
  atKeys: ["key"],
};

const waysOut: Readonly<Record<Restriction, string>> = {
  atPositions: "Name the axis that counts tokens: { axis: 1 }.",
  atKeys: "Only selfAttn.scores and selfAttn.pattern have keys; or name the axis: { axis: -1 }.",
};

function restrict(
  type: Restriction,
  positions: Positions,
  intervention: Intervention,
  options: AxisOption,
): Intervention {
  const chosen = requirePositions(positions);
  const axis = requireAxis(options);
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

/** Masks for positions, made once for each pass and shape of site. */
function positionMasks(type: Restriction, positions: Positions, axis: number | undefined) {
  let made = new Map<string, Mask>();
  let [lengths, offset, step]: [readonly number[] | undefined, number, number | undefined] = [[], 0, 0];
  return (shape: readonly number[], site: SiteContext): Mask => {
    if (lengths !== site.tokens?.lengths || offset !== site.offset || step !== site.step) {
      made = new Map();
      [lengths, offset, step] = [site.tokens?.lengths, site.offset, site.step];
    }
    const place = findAxis(site, axisNames[type], axis, shape.length, () => waysOut[type]);
    const batch = site.axes ? site.axes.indexOf("batch") : 0;
    const key = `${place}/${shape.length}/${shape[place]}/${shape[batch]}`;
    let mask = made.get(key);
    if (mask === undefined) {
      mask = positionMask(type, positions, shape, place, batch, site);
      made.set(key, mask);
    }
    return mask;
  };
}

function positionMask(
  type: Restriction,
  positions: Positions,
  shape: readonly number[],
  axis: number,
  batch: number,
  context: SiteContext,
): Mask {
  // Keys are the whole history, so their columns start at 0 in every step
  const start = type === "atKeys" ? 0 : context.offset;
  const window: Window = { site: context.site, start, size: shape[axis], step: context.step };
  const rows = promptRows(context, start + shape[axis]).map((row) => columnsOf(positions, row, window));
  if (rows.every((row) => sameFlags(row, rows[0]))) return maskOf(rows[0], [axis], shape);
  requireBatch(type, shape, axis, batch, rows.length, context);
  return maskOf(batch < axis ? rows.flat() : transpose(rows).flat(), [axis, batch], shape);
}

/** One row for each prompt; a single one for all when every prompt is equally long, or the input is not tokens. */
function promptRows({ tokens }: SiteContext, columns: number): PromptRow[] {
  if (!tokens) return [{ index: 0, length: columns, pad: 0 }];
  const longest = Math.max(...tokens.lengths);
  const shortest = Math.min(...tokens.lengths);
  const lengths = longest === shortest ? [longest] : tokens.lengths;
  return lengths.map((length, index) => ({
    index,
    length,
    pad: tokens.padding === "left" ? longest - length : 0,
  }));
}

function requireBatch(
  type: Restriction,
  shape: readonly number[],
  axis: number,
  batch: number,
  prompts: number,
  { site, axes }: SiteContext,
): void {
  if (batch < 0 || batch === axis) {
    throw new MissingAxisError(site, "batch", axes, "Without one, all prompts must be equally long.");
  }
  if (shape[batch] === prompts) return;
  const rule = `There are ${prompts} prompts of different lengths, but axis ${batch}, the batch, has ${shape[batch]} rows.`;
  throw new ValueShapeError(type, site, [prompts], shape, rule);
}

function sameFlags(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.every((flag, index) => flag === b[index]);
}

function transpose(rows: readonly (readonly boolean[])[]): boolean[][] {
  return rows[0].map((_, column) => rows.map((row) => row[column]));
}
