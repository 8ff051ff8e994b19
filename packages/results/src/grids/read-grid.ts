/** Numbers read off a grid by the names of its axes. */

import { brief } from "../errors/brief.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { didYouMean } from "../errors/nearest.js";
import { checkRecord } from "../errors/option-rules.js";
import { checkGrid, lengthsOf } from "./check-grid.js";
import type { Grid, GridValues } from "./grid.js";
import { labelKey } from "./label.js";

/** A place of some axes: what stands there (a layer, a head, a token's position), negative from the end. */
export type Place<A extends string> = Readonly<Partial<Record<A, number | string>>>;

/**
 * How many places each axis has.
 *
 * @example
 * shapeOf(createGrid({ labels: { layer: [0, 1], head: [0] }, values: [1, 2], unit: "logits" })); // [2, 1]
 */
export function shapeOf<A extends string>(grid: Grid<A>): number[] {
  checkGrid("grid", grid);
  return lengthsOf(grid);
}

/**
 * One number.
 *
 * @param place by label: `{ layer: 3 }` is the layer called 3, also in a grid of few layers; −1 is the last place
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an axis that is missing, or a place that does not exist
 * @example
 * const grid = createGrid({ labels: { layer: [4, 8], head: [0] }, values: [1, 2], unit: "logits" });
 * valueAt(grid, { layer: 8, head: -1 }); // 2
 */
export function valueAt<A extends string>(
  grid: Grid<A>,
  place: Readonly<Record<A, number | string>>,
): number {
  checkGrid("grid", grid);
  checkRecord("place", place);
  const open = grid.axes.find((axis) => place[axis] === undefined);
  if (open === undefined) return sliceOf(grid, place)[0];
  const rule = `a number stands at a place of every axis; ${open} is missing.`;
  throw new InvalidArgumentError("place", place, rule);
}

/**
 * The numbers at a place of some axes, row by row over the others.
 *
 * @example
 * sliceOf(createGrid({ labels: { layer: [0, 1], head: [0] }, values: [1, 2], unit: "logits" }), { head: 0 }).length; // 2
 */
export function sliceOf<A extends string>(grid: Grid<A>, place: Place<A>): GridValues {
  checkGrid("grid", grid);
  checkRecord("place", place);
  for (const axis of Object.keys(place)) checkAxis(grid, axis);
  const shape = lengthsOf(grid);
  const fixed = grid.axes.map((axis) => indexOf(grid, axis, place[axis]));
  const numbers: number[] = [];
  const visit = (axis: number, offset: number): void => {
    if (axis === shape.length) {
      numbers.push(grid.values[offset]);
      return;
    }
    const at = fixed[axis];
    const first = at ?? 0;
    const last = at ?? shape[axis] - 1;
    for (let index = first; index <= last; index++) visit(axis + 1, offset * shape[axis] + index);
  };
  visit(0, 0);
  return grid.values instanceof Float32Array
    ? Float32Array.from(numbers)
    : Float64Array.from(numbers);
}

/**
 * A grid of two axes as a list of rows.
 *
 * @example
 * rowsOf(createGrid({ labels: { layer: [0, 1], head: [0, 1] }, values: [1, 2, 3, 4], unit: "logits" })); // [[1, 2], [3, 4]]
 */
export function rowsOf(grid: Grid): number[][] {
  const shape = shapeOf(grid);
  if (shape.length !== 2) {
    const rule = `has ${shape.length} axes; rows are of a grid of two, such as one that \`sliceOf\` leaves.`;
    throw new InvalidArgumentError("grid", grid, rule);
  }
  const [rows, columns] = shape;
  return Array.from({ length: rows }, (_, row) => [
    ...grid.values.subarray(row * columns, (row + 1) * columns),
  ]);
}

function checkAxis<A extends string>({ axes }: Grid<A>, axis: string): void {
  if ((axes as readonly string[]).includes(axis)) return;
  const rule = `there is no such axis. ${didYouMean(axis, axes)}Axes are ${axes.join(", ")}.`;
  throw new InvalidArgumentError("place", axis, rule);
}

function indexOf<A extends string>(
  grid: Grid<A>,
  axis: A,
  wanted: number | string | undefined,
): number | undefined {
  if (wanted === undefined) return undefined;
  const labels = grid.labels[axis];
  const found = labels.findIndex((label) => labelKey(label) === wanted);
  if (found >= 0) return found;
  const fromEnd = typeof wanted === "number" && wanted < 0 ? labels.length + wanted : -1;
  if (Number.isInteger(fromEnd) && fromEnd >= 0) return fromEnd;
  const known = labels.map((label) => labelKey(label)).join(", ");
  throw new InvalidArgumentError(
    axis,
    wanted,
    `${brief(wanted)} is not there; there are ${known}.`,
  );
}
