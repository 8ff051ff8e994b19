/** Means over prompts and positions that leave padding out. */
import { type Axes, type Axis, MissingAxisError, type TokenBatch } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { ValueShapeError } from "../errors.js";
import { toFloat32 } from "../values/dtypes.js";
import { perPass } from "../values/per-pass.js";

/** Over what a mean is taken. */
export type MeanAxis = "batch" | "position";

/** What a mean needs to know about an activation. */
export interface MeanContext {
  readonly site: string;
  readonly axes: Axes | undefined;
  readonly tokens: Pick<TokenBatch, "lengths" | "padding"> | undefined;
}

const axisNames: Readonly<Record<MeanAxis, readonly Axis[]>> = {
  batch: ["batch"],
  position: ["position", "query"],
};

/**
 * Makes a function that averages activations over prompts, positions or both; padding does not count.
 *
 * Its result is float32, in which the sums are taken, and keeps the averaged axes with length one, so that it
 * broadcasts to the activation.
 *
 * @throws (when called) MissingAxisError (`MISSING_AXIS`); ValueShapeError (`VALUE_SHAPE`) when prompts of different
 *   lengths do not match the batch
 */
export function meanOver(over: readonly MeanAxis[]): (x: MxArray, context: MeanContext) => MxArray {
  const remembered = perPass<RealTokens>();
  return (x, context) => {
    const wide = toFloat32(x);
    const places = over.map((name) => requirePlace(name, context));
    const { lengths } = context.tokens ?? {};
    const { shape } = x;
    const position = placeOf("position", context);
    if (!lengths || position < 0 || lengths.every((length) => length === lengths[0])) {
      const count = places.reduce((product, place) => product * shape[place], 1);
      return mx.divide(mx.sum(wide, places, true), count);
    }
    const batch = requireBatch(shape, lengths.length, context);
    const key = `${shape.length}/${batch}/${position}/${shape[position]}`;
    const make = () => realTokens(shape, batch, position, places, context);
    const { mask, count, zero } = remembered(context, key, make);
    return mx.divide(mx.sum(mx.where(mask, wide, zero), places, true), count);
  };
}

/** What a masked mean needs: arrays that broadcast to the activation. */
interface RealTokens {
  /** True where a token is real. */
  readonly mask: MxArray;
  /** How many real tokens each mean is taken over, at least 1. */
  readonly count: MxArray;
  readonly zero: MxArray;
}

function placeOf(name: MeanAxis, { axes }: MeanContext): number {
  return axes?.findIndex((axis) => axisNames[name].includes(axis)) ?? -1;
}

function requirePlace(name: MeanAxis, context: MeanContext): number {
  const place = placeOf(name, context);
  if (place >= 0) return place;
  const wayOut =
    "Give the mean itself, meanAblate({ mean }), or the axes, meanOf(cache, site, { axes }).";
  throw new MissingAxisError(context.site, name, context.axes, wayOut);
}

function requireBatch(shape: readonly number[], prompts: number, context: MeanContext): number {
  const batch = requirePlace("batch", context);
  if (shape[batch] === prompts) return batch;
  const rule = `There are ${prompts} prompts of different lengths, but the batch has ${shape[batch]} rows.`;
  throw new ValueShapeError("The mean", context.site, [prompts], shape, rule);
}

function realTokens(
  shape: readonly number[],
  batch: number,
  position: number,
  places: readonly number[],
  { tokens }: MeanContext,
): RealTokens {
  const width = shape[position];
  const rows = (tokens?.lengths ?? []).map((length) =>
    Array.from({ length: width }, (_, column) =>
      tokens?.padding === "left" ? column >= width - length : column < length,
    ),
  );
  const flags = mx.array(rows, mx.bool); // (batch, position)
  const sizes = shape.map((size, axis) => (axis === batch || axis === position ? size : 1));
  const mask = (batch < position ? flags : flags.T).reshape(sizes);
  const count = mx.maximum(mx.sum(mask.astype(mx.float32), places, true), 1);
  return { mask, count, zero: mx.array(0) };
}
