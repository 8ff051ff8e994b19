/** Masks over the position axis, for prompts of any length and padding. */
import { type Axis, MissingAxisError, type Positions, type SiteContext } from "@mlxterp/core";
import { ValueShapeError } from "./errors.js";
import { findAxis, type Mask, maskOf } from "./mask.js";
import { perPass } from "./per-pass.js";
import { columnsOf, type PromptRow, type Window } from "./position-range.js";

/** Whose positions are meant: the token's own, or those of the tokens it attends to. */
export type Restriction = "atPositions" | "atKeys";

const axisNames: Readonly<Record<Restriction, readonly Axis[]>> = {
  atPositions: ["position", "query"],
  atKeys: ["key"],
};

const waysOut: Readonly<Record<Restriction, string>> = {
  atPositions: "Name the axis that counts tokens: { axis: 1 }.",
  atKeys: "Only selfAttn.scores and selfAttn.pattern have keys; or name the axis: { axis: -1 }.",
};

/** Masks for positions, made once for each pass and shape of site. */
export function positionMasks(type: Restriction, positions: Positions, axis: number | undefined) {
  const remembered = perPass<Mask>();
  return (shape: readonly number[], site: SiteContext): Mask => {
    const place = findAxis(site, axisNames[type], axis, shape.length, () => waysOut[type]);
    const batch = site.axes ? site.axes.indexOf("batch") : 0;
    const key = `${place}/${shape.length}/${shape[place]}/${shape[batch]}`;
    const make = () => positionMask(type, positions, shape, place, batch, site);
    return remembered(site, key, make);
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
  const size = shape[axis];
  // Keys are the whole history, so their columns start at 0 in every step
  const start = type === "atKeys" ? 0 : context.offset;
  const prompts = promptRows(context, start + size);
  const window: Window = {
    site: context.site,
    start: start + columnsLeftOut(prompts[0], start + size, context),
    size,
    step: context.step,
  };
  const rows = prompts.map((prompt) => columnsOf(positions, prompt, window));
  if (rows.every((row) => sameFlags(row, rows[0]))) return maskOf(rows[0], [axis], shape);
  requireBatch(type, shape, axis, batch, rows.length, context);
  return maskOf(batch < axis ? rows.flat() : transpose(rows).flat(), [axis, batch], shape);
}

/** Generation needs the logits of the prompt's end only, so those sites hold the last columns, not the first. */
function columnsLeftOut({ width }: PromptRow, end: number, { step }: SiteContext): number {
  return step === 0 ? Math.max(0, width - end) : 0;
}

/** One row for each prompt; a single one for all when every prompt is equally long, or the input is not tokens. */
function promptRows(context: SiteContext, columns: number): PromptRow[] {
  const lengths = promptLengths(context, columns);
  const longest = Math.max(...lengths);
  const left = context.tokens?.padding === "left";
  const rows = lengths.every((length) => length === longest) ? [longest] : lengths;
  return rows.map((length, index) => ({
    index,
    length,
    width: longest,
    pad: left ? longest - length : 0,
  }));
}

/**
 * How long each prompt is, with what a cache holds of it. The tokens of a pass are those that it feeds; a later step
 * of generation feeds one for each prompt.
 */
function promptLengths({ tokens, offset, step }: SiteContext, columns: number): readonly number[] {
  if (step === undefined || step === 0) {
    return tokens?.lengths.map((length) => length + offset) ?? [columns];
  }
  const width = offset - step + 1;
  return tokens && Math.max(...tokens.lengths) === width ? tokens.lengths : [width];
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
    throw new MissingAxisError(
      site,
      "batch",
      axes,
      "Without one, all prompts must be equally long.",
    );
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
