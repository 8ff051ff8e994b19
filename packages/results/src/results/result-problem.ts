/** What is wrong with data that should be a result: the one place that doubts it, so that nothing else needs to. */

import { isListOf, isRecord, isTexts } from "../errors/kinds-of-values.js";
import { gridProblem } from "../grids/check-grid.js";
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
  if (!isListOf(fed, isFed)) return "fed does not hold prompts with their role, ids and pieces";
  if (!isListOf(notes, (note) => isRecord(note) && typeof note.text === "string")) {
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

/** What is wrong with data that should be a table. */
export function tableProblem(name: string, table: unknown): string | undefined {
  const whole = isRecord(table) && isTexts(table.columns) && Array.isArray(table.rows);
  if (!whole) return `"${name}" is no table`;
  const rows: unknown[] = Array.from(table.rows as unknown[]);
  const odd = rows.findIndex((row) => !isRecord(row) || !Object.values(row).every(isCell));
  return odd < 0 ? undefined : `row ${odd} of "${name}" holds what is no value of a table`;
}

export function isFed(value: unknown): boolean {
  if (!isRecord(value) || typeof value.role !== "string") return false;
  const { ids, pieces, answer, wrongAnswer, spans } = value;
  if (!Array.isArray(ids) || !isTexts(pieces) || ids.length !== pieces.length) return false;
  if (!isListOf(ids, (id) => typeof id === "number")) return false;
  const answers = [answer, wrongAnswer].filter((one) => one !== undefined);
  if (!answers.every((one) => isRecord(one) && typeof one.text === "string")) return false;
  return spans === undefined || isListOf(spans, isPair);
}

function isPair(value: unknown): boolean {
  return isListOf(value, (one) => typeof one === "number") && value.length === 2;
}

/** Whether a table can hold it. */
export function isCell(value: unknown): boolean {
  return value === null || ["number", "string", "boolean", "undefined"].includes(typeof value);
}
