/** The part of a batch's value that belongs to some of its prompts: taken out, and put back. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { InvocationRowsError } from "./errors.js";

/** Where the prompts of one invocation stand in the rectangle of all. */
export interface Place {
  /** The first of their rows, and how many there are. */
  readonly start: number;
  readonly rows: number;
  /** The rows of all invocations. */
  readonly batch: number;
  /** The positions of the rectangle; undefined when the input is not tokens. */
  readonly width: number | undefined;
  /** The positions at the end that these prompts have only because others are longer. */
  readonly padding: number;
}

/** From where to where along each axis. */
interface Region {
  readonly ranges: readonly (readonly [start: number, stop: number])[];
  /** Whether other invocations have the same numbers, since the value has one row for all. */
  readonly shared: boolean;
}

/** A value, as far as a region depends on it. */
interface PlacedValue {
  readonly site: string;
  readonly axes: Axes | undefined;
  readonly shape: readonly number[];
}

/** @throws InvocationRowsError (`INVOCATION_ROWS`) where the axes are not known and the sizes fit several readings */
export function regionOf(value: PlacedValue, place: Place): Region {
  const { shape } = value;
  if (place.rows === place.batch && place.padding === 0) {
    return { ranges: shape.map((size) => [0, size]), shared: false };
  }
  const axes = value.axes ?? axesBySize(value, place);
  const ranges = shape.map((size, axis): [number, number] => {
    if (axes[axis] === "batch" && size === place.batch) {
      return [place.start, place.start + place.rows];
    }
    return [
      0,
      axes[axis] === "batch" ? checkOneRow(value, axis) : lengthOf(value, axis, axes, place),
    ];
  });
  const shared =
    place.rows < place.batch && !axes.some((name, axis) => name === "batch" && shape[axis] > 1);
  return { ranges, shared };
}

/** A value may have one row that stands for all. */
function checkOneRow(value: PlacedValue, axis: number): number {
  if (value.shape[axis] === 1) return 1;
  throw new InvocationRowsError(value.site, value.shape, "does not have one row for each prompt");
}

/** How much of an axis the prompts have when they are alone. */
function lengthOf(
  value: PlacedValue,
  axis: number,
  axes: readonly (string | undefined)[],
  { width, padding }: Place,
): number {
  const [size, name] = [value.shape[axis], axes[axis]];
  if (width === undefined || padding === 0 || size === 1) return size;
  if (name === "key" && size >= width) return size - padding; // earlier keys come first
  if (name !== "position" && name !== "query") return size;
  if (size === width) return size - padding;
  const reason = `has ${size} positions where the padded prompts have ${width}`;
  throw new InvocationRowsError(value.site, value.shape, reason);
}

/** The axes of a value whose module does not say them, by their sizes. */
function axesBySize(
  { site, shape }: PlacedValue,
  { batch, width, padding }: Place,
): (string | undefined)[] {
  const long = shape.flatMap((size, axis) => (axis > 0 && size === width ? [axis] : []));
  const perToken = shape.length === 2 && long.length === 1; // one number for each token
  const certain = padding === 0 || perToken || (long.length <= 1 && shape[0] !== width);
  if (shape[0] === batch && certain) {
    return shape.map((_, axis) =>
      axis === 0 ? "batch" : long[0] === axis ? "position" : undefined,
    );
  }
  throw new InvocationRowsError(site, shape, "has axes whose meaning is not known");
}

/** The part itself, lazy; the value as it is where that is all of it. */
export function takeRegion(value: MxArray, { ranges }: Region): MxArray {
  const whole = ranges.every(([start, stop], axis) => start === 0 && stop === value.shape[axis]);
  return whole ? value : value.index(...ranges.map((range) => mx.Slice(...range)));
}

/** The value with the part exchanged; everything around it keeps its bits. */
export function putRegion(value: MxArray, { ranges }: Region, part: MxArray): MxArray {
  const { shape } = value;
  let filled = part;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const beside = (start: number, stop: number): MxArray[] => {
      if (start === stop) return [];
      const region = shape.map((size, other): [number, number] =>
        other === axis ? [start, stop] : other < axis ? [...ranges[other]] : [0, size],
      );
      return [value.index(...region.map((range) => mx.Slice(...range)))];
    };
    const [start, stop] = ranges[axis];
    const pieces = [...beside(0, start), filled, ...beside(stop, shape[axis])];
    if (pieces.length > 1) filled = mx.concatenate(pieces, axis);
  }
  return filled;
}
