/** Activations of other positions than those they go to: the source's positions, put where this pass has its own. */
import {
  MissingAxisError,
  type Positions,
  positionsOf,
  type SiteContext,
  type TokenBatch,
} from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { ValueShapeError } from "../errors.js";

/** Where from, and where to. */
export interface Move {
  readonly from: Positions;
  readonly to: Positions;
}

/**
 * The source's activation in the shape of this pass: at each position of `to` what the source has at that of `from`. What
 * is at other positions means nothing.
 *
 * @param value of the source, with prompts and positions at the same axes; one prompt is used for all
 * @param x the activation of this pass
 * @throws OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`) for other counts, MissingAxisError
 * (`MISSING_AXIS`), ValueShapeError (`VALUE_SHAPE`)
 */
export function movedPositions(
  value: MxArray,
  x: MxArray,
  move: Move,
  theirs: TokenBatch | undefined,
  context: SiteContext,
): MxArray {
  const { batch, position } = placesOf(context);
  requireRest(value, x, { batch, position }, context);
  const [rows, width] = [x.shape[batch], x.shape[position]];
  const given = value.shape[batch];
  const columns: number[] = [];
  for (let row = 0; row < rows; row++) {
    const source = given === 1 ? 0 : row;
    columns.push(
      ...columnsOf(move, value.shape[position], width, { row, source, theirs, context }),
    );
  }
  const turned = value.moveaxis(batch, 0).moveaxis(position, 1); // (batch, position, …)
  const of = Array.from({ length: rows * width }, (_, index) =>
    given === 1 ? 0 : Math.floor(index / width),
  );
  const flat = turned.index(mx.array(of, mx.int32), mx.array(columns, mx.int32)); // (batch · position, …)
  return flat
    .reshape([rows, width, ...turned.shape.slice(2)])
    .moveaxis(1, position)
    .moveaxis(0, batch);
}

function placesOf({ site, axes }: SiteContext): { batch: number; position: number } {
  const batch = axes ? axes.indexOf("batch") : 0;
  const position = axes ? axes.findIndex((axis) => axis === "position" || axis === "query") : 1;
  if (batch >= 0 && position > batch) return { batch, position };
  const rule = "Only sites with prompts and positions can be patched from other positions.";
  throw new MissingAxisError(site, batch < 0 ? "batch" : "position", axes, rule);
}

function requireRest(
  value: MxArray,
  x: MxArray,
  { batch, position }: { readonly batch: number; readonly position: number },
  { site, axes }: SiteContext,
): void {
  const same =
    value.ndim === x.ndim &&
    axes?.includes("key") !== true && // a row of a pattern is as long as what it looks at
    x.shape.every(
      (size, axis) =>
        axis === position ||
        size === value.shape[axis] ||
        (axis === batch && value.shape[axis] === 1),
    );
  if (same) return;
  const rule =
    "Apart from positions, the source must have the same shape, or hold one prompt for the whole batch; patterns cannot be moved.";
  throw new ValueShapeError("patchFrom", site, value.shape, x.shape, rule);
}

interface Row {
  readonly row: number;
  readonly source: number;
  readonly theirs: TokenBatch | undefined;
  readonly context: SiteContext;
}

/** For each column of this pass, the column of the source that goes there; 0 where none does. */
function columnsOf(
  { from, to }: Move,
  sourceWidth: number,
  width: number,
  { row, source, theirs, context }: Row,
): number[] {
  const { tokens, offset, step } = context;
  const sourceLength = theirs?.lengths[source] ?? sourceWidth;
  const whole = tokens ? Math.max(...tokens.lengths) + offset : width;
  const length = tokens ? tokens.lengths[row] + offset : width;
  const found = positionsOf(from, sourceLength, `prompt ${source} of the source`);
  const targets = positionsOf(to, length, `prompt ${row}`);
  if (found.length !== 1 && found.length !== targets.length) {
    const rule = `the source has ${found.length} of them in prompt ${source}, but ${targets.length} positions are to be patched in prompt ${row}. Name as many, or one for all.`;
    throw new InvalidArgumentError("sourcePositions", from, rule);
  }
  const sourcePad = theirs?.padding === "left" ? sourceWidth - sourceLength : 0;
  const pad = tokens?.padding === "left" ? whole - length : 0;
  const start = offset + (step === 0 ? Math.max(0, whole - offset - width) : 0);
  const columns = new Array<number>(width).fill(0);
  for (const [index, target] of targets.entries()) {
    const column = target + pad - start;
    if (column < 0 || column >= width) continue;
    columns[column] = (found.length === 1 ? found[0] : found[index]) + sourcePad;
  }
  return columns;
}
