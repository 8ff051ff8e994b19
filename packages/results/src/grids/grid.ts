/** Dense numbers with named axes: what methods return, whatever the method. */

import { checkOptions, type OptionNames } from "../errors/check-options.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import {
  checkList,
  checkNumber,
  checkNumbers,
  checkRecord,
  checkText,
} from "../errors/option-rules.js";
import { isLabel, type Label } from "./label.js";

/** What the numbers of a grid are. */
export type Unit =
  | "logits"
  | "probability"
  | "nats"
  | "share"
  | "rank"
  | "token"
  | "effect"
  | "norm"
  | "count"
  | "metric";

/** Numbers as they were computed: single precision on the device, double on the host. */
export type GridValues = Float32Array | Float64Array;

/**
 * Dense numbers with named axes, in the words of the anatomy: `layer`, `head`, `position`, `query`, `key` …
 *
 * Read a number with `valueAt(grid, { layer: 3, position: 7 })`.
 */
export interface Grid<A extends string = string> {
  /** From the slowest to the fastest. */
  readonly axes: readonly A[];
  /** What stands at each place of each axis. */
  readonly labels: Readonly<Record<A, readonly Label[]>>;
  /** Row by row: the last axis runs fastest. */
  readonly values: GridValues;
  readonly unit: Unit;
  /** Where a diverging scale is pale; without it the numbers are amounts. */
  readonly neutral?: number;
  /** The interval of every value, where there is one. */
  readonly low?: GridValues;
  readonly high?: GridValues;
}

interface GridParts<A extends string> {
  /** In the order of the axes. */
  readonly labels: Readonly<Record<A, readonly Label[]>>;
  readonly values: GridValues | readonly number[];
  readonly unit: Unit;
  readonly neutral?: number;
  readonly low?: GridValues;
  readonly high?: GridValues;
}

/** With axes, as a grid has them: it may be changed and made anew. */
const partNames = { labels: true, values: true, unit: true, neutral: true, low: true, high: true };

/**
 * A grid from its labels, in the order of its axes, and its numbers, row by row.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there are as many numbers as places
 * @example
 * const grid = createGrid({ labels: { layer: [0, 1], head: [0, 1] }, values: [1, 2, 3, 4], unit: "logits" });
 * valueAt(grid, { layer: 1, head: 0 }); // 3
 */
export function createGrid<A extends string>(parts: GridParts<A>): Grid<A> {
  checkOptions<object>("grid", parts, { ...partNames, axes: true } as OptionNames<object>);
  const { labels, values, ...rest } = parts;
  checkRecord("labels", labels);
  checkNumbers("values", values);
  checkText("unit", rest.unit);
  if (rest.neutral !== undefined) checkNumber("neutral", rest.neutral);
  const axes = Object.keys(labels) as A[];
  for (const axis of axes) checkLabels(axis, labels[axis]);
  const size = axes.reduce((product, axis) => product * labels[axis].length, 1);
  if (values.length !== size) {
    const shape = axes.map((axis) => `${labels[axis].length} × ${axis}`).join(", ");
    const rule = `${values.length} numbers do not fill ${shape}.`;
    throw new InvalidArgumentError("values", values.length, rule);
  }
  for (const [name, bound] of Object.entries({ low: rest.low, high: rest.high })) {
    if (bound === undefined) continue;
    checkNumbers(name, bound);
    if (bound.length === size) continue;
    throw new InvalidArgumentError(
      name,
      bound.length,
      `must hold as many numbers as values, ${size}.`,
    );
  }
  const numbers = isTyped(values) ? values : Float64Array.from(values);
  const copies = axes.map((axis) => [axis, [...labels[axis]]] as const); // the grid's own
  const own = Object.fromEntries(copies) as unknown as typeof labels;
  return { axes, labels: own, values: numbers, ...rest };
}

function isTyped(values: GridValues | readonly number[]): values is GridValues {
  return values instanceof Float32Array || values instanceof Float64Array;
}

function checkLabels(axis: string, labels: unknown): void {
  checkList(`labels.${axis}`, labels);
  const odd = (labels as unknown[]).findIndex((label) => !isLabel(label));
  if (odd < 0) return;
  const rule = "must be a number, a text, or a token with its text and position.";
  throw new InvalidArgumentError(`labels.${axis}[${odd}]`, (labels as unknown[])[odd], rule);
}
