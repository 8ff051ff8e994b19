/** Whether data from outside is a result, so that nothing below needs to doubt it. */
import { shapeOf } from "../grids/read-grid.js";
import { provenanceProblem } from "../origin/provenance.js";
import type { Result } from "../results/result.js";
import { fromJson, ResultFormatError } from "./json.js";

/**
 * A result, or several, from the JSON text that `toJson` made of it.
 *
 * @throws ResultFormatError (`RESULT_FORMAT`) saying what is missing
 * @example
 * const [stored] = resultsFromJson(toJson(readout));
 */
export function resultsFromJson(text: string): Result[] {
  const value = fromJson(text);
  const list = Array.isArray(value) ? value : [value];
  return list.map((one, index) => checked(one, list.length > 1 ? `Result ${index}` : "The result"));
}

function checked(value: unknown, name: string): Result {
  const result = value as Result;
  const problem = problemOf(result);
  if (problem) throw new ResultFormatError(`${name} is none: ${problem}.`);
  return result;
}

function problemOf(result: Result): string | undefined {
  if (typeof result !== "object" || result === null) return "it is no object";
  if (typeof result.method !== "string") return "it does not say which method made it";
  for (const part of ["asked", "grids", "tables", "provenance"] as const) {
    if (typeof result[part] !== "object" || result[part] === null) return `it has no ${part}`;
  }
  for (const part of ["fed", "notes"] as const) {
    if (!Array.isArray(result[part])) return `it has no list of ${part}`;
  }
  const origin = provenanceProblem(result.provenance);
  if (origin) return `of its provenance, ${origin}`;
  for (const [name, grid] of Object.entries(result.grids)) {
    if (!grid || !Array.isArray(grid.axes) || !ArrayBuffer.isView(grid.values)) {
      return `"${name}" is no grid`;
    }
    if (grid.axes.some((axis) => !Array.isArray(grid.labels?.[axis])))
      return `"${name}" lacks labels`;
    const size = shapeOf(grid).reduce((product, length) => product * length, 1);
    if (size !== grid.values.length)
      return `"${name}" has ${grid.values.length} of ${size} numbers`;
  }
  return undefined;
}
