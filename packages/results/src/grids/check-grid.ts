/** Refuses what is no grid, before anything reads it. */
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { isListOf, isNumbers, isRecord, isTexts } from "../errors/kinds-of-values.js";
import type { Grid } from "./grid.js";
import { isLabel } from "./label.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) with what is missing or wrong */
export function checkGrid(argument: string, value: unknown): asserts value is Grid {
  const problem = gridProblem("it", value);
  if (problem === undefined) return;
  const rule = `${problem.replaceAll('"it"', "it")}; give one of a result, or make one.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/** What is wrong with data that should be a grid. */
export function gridProblem(name: string, grid: unknown): string | undefined {
  if (!isRecord(grid) || !isTexts(grid.axes) || !isNumbers(grid.values)) {
    return `"${name}" is no grid`;
  }
  const { axes, labels, values, unit, neutral, low, high } = grid as unknown as Grid;
  if (typeof unit !== "string") return `the unit of "${name}" is no text`;
  if (neutral !== undefined && typeof neutral !== "number") return `where "${name}" is neutral is no number`; // biome-ignore format: one line
  const lacking = axes.find((axis) => !isRecord(labels) || !Array.isArray(labels[axis]));
  if (lacking !== undefined) return `"${name}" lacks labels of its axis ${lacking}`;
  if (!axes.every((axis) => isListOf(labels[axis], isLabel))) {
    return `a label of "${name}" is neither a number, a text nor a token`;
  }
  const size = lengthsOf(grid as unknown as Grid).reduce((product, length) => product * length, 1);
  if (size !== values.length) return `"${name}" has ${values.length} of ${size} numbers`;
  const bounds = [low, high].filter((bound) => bound !== undefined);
  return bounds.every((bound) => isNumbers(bound) && bound.length === size)
    ? undefined
    : `the intervals of "${name}" do not fit its numbers`;
}

/** How many places each axis has, of what is known to be a grid. */
export function lengthsOf<A extends string>({ axes, labels }: Grid<A>): number[] {
  return axes.map((axis) => labels[axis].length);
}
