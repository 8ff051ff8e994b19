/** What is wrong with data that should be a result: the one place that doubts it, so that nothing else needs to. */

import type { Grid } from "../grids/grid.js";
import { isLabel } from "../grids/label.js";
import { lengthsOf } from "../grids/read-grid.js";
import { provenanceProblem } from "../origin/provenance.js";

type Parts = Readonly<Record<string, unknown>>;

/** In words that go on from "it is no result: "; undefined where nothing is wrong. */
export function resultProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return "it is no object";
  if (typeof value.method !== "string") return "it does not say which method made it";
  for (const part of ["asked", "grids", "tables", "provenance"] as const) {
    if (!isRecord(value[part])) return `it has no ${part}`;
  }
  for (const part of ["fed", "notes"] as const) {
    if (!Array.isArray(value[part])) return `it has no list of ${part}`;
  }
  const { fed, notes, grids, tables } = value as Readonly<Record<string, Parts & unknown[]>>;
  const origin = provenanceProblem(value.provenance);
  if (origin) return `of its provenance, ${origin}`;
  if (!fed.every(isFed)) return "fed does not hold prompts with their role, ids and pieces";
  if (!notes.every((note) => isRecord(note) && typeof note.text === "string")) {
    return "notes does not hold notes with their text";
  }
  return firstOf(grids, gridProblem) ?? firstOf(tables, tableProblem);
}

/** Parts that are undefined are parts that were left out. */
function firstOf(
  parts: Parts,
  problemOf: (name: string, part: unknown) => string | undefined,
): string | undefined {
  for (const [name, part] of Object.entries(parts)) {
    const problem = part === undefined ? undefined : problemOf(name, part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What is wrong with data that should be a grid. */
export function gridProblem(name: string, grid: unknown): string | undefined {
  if (!isRecord(grid) || !isTexts(grid.axes) || !isNumbers(grid.values)) {
    return `"${name}" is no grid`;
  }
  const { axes, labels, values, low, high } = grid as unknown as Grid;
  const lacking = axes.find((axis) => !isRecord(labels) || !Array.isArray(labels[axis]));
  if (lacking !== undefined) return `"${name}" lacks labels of its axis ${lacking}`;
  if (!axes.every((axis) => labels[axis].every(isLabel))) {
    return `a label of "${name}" is neither a number, a text nor a token`;
  }
  const size = lengthsOf(grid as unknown as Grid).reduce((product, length) => product * length, 1);
  if (size !== values.length) return `"${name}" has ${values.length} of ${size} numbers`;
  const bounds = [low, high].filter((bound) => bound !== undefined);
  return bounds.every((bound) => isNumbers(bound) && bound.length === size)
    ? undefined
    : `the intervals of "${name}" do not fit its numbers`;
}

/** What is wrong with data that should be a table. */
export function tableProblem(name: string, table: unknown): string | undefined {
  const whole = isRecord(table) && isTexts(table.columns) && Array.isArray(table.rows);
  if (!whole) return `"${name}" is no table`;
  const rows = table.rows as unknown[];
  const odd = rows.findIndex((row) => !isRecord(row) || !Object.values(row).every(isCell));
  return odd < 0 ? undefined : `row ${odd} of "${name}" holds what is no value of a table`;
}

export function isFed(value: unknown): boolean {
  if (!isRecord(value) || typeof value.role !== "string") return false;
  const { ids, pieces, answer, wrongAnswer, spans } = value;
  if (!Array.isArray(ids) || !isTexts(pieces) || ids.length !== pieces.length) return false;
  if (!ids.every((id) => typeof id === "number")) return false;
  const answers = [answer, wrongAnswer].filter((one) => one !== undefined);
  if (!answers.every((one) => isRecord(one) && typeof one.text === "string")) return false;
  return spans === undefined || (Array.isArray(spans) && spans.every((span) => isPair(span)));
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number"); // biome-ignore format: one line
}

function isCell(value: unknown): boolean {
  return value === null || ["number", "string", "boolean", "undefined"].includes(typeof value);
}

function isNumbers(value: unknown): value is Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
