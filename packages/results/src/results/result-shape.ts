/** What a result of a method has: its grids by their axes, its tables by their columns, as data that a result is checked by. */

import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { checkList, checkRecord, checkText, checkTexts } from "../errors/option-rules.js";
import type { Grid } from "../grids/grid.js";
import type { Result } from "./result.js";
import { resultProblem } from "./result-problem.js";
import type { Table } from "./table.js";

/** What a column holds: numbers, texts, yes or no, `null`; `absent` where a row may go without. */
export type ColumnKind = "number" | "text" | "flag" | "null" | "absent";

/** The word for the type of a cell. */
type KindOf<V> = V extends number
  ? "number"
  : V extends string
    ? "text"
    : V extends boolean
      ? "flag"
      : V extends null
        ? "null"
        : "absent";

type RequiredNames<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];

type AxesOf<G> = G extends Grid<infer A> ? readonly A[] : never;

type ColumnsOf<T> =
  T extends Table<infer Row>
    ? { readonly [C in keyof Row]-?: KindOf<Row[C]> | readonly KindOf<Row[C]>[] }
    : never;

/**
 * What a result must have, by its type: the compiler sees that no grid, table or column is forgotten. What a result may go
 * without is not named.
 */
export interface ResultShape<R extends Result> {
  readonly method: R["method"];
  /** Axes in the order in which the numbers stand. */
  readonly grids: { readonly [K in RequiredNames<R["grids"]>]: AxesOf<R["grids"][K]> };
  readonly tables: { readonly [K in RequiredNames<R["tables"]>]: ColumnsOf<R["tables"][K]> };
}

/** The same, of any result. */
interface AnyShape {
  readonly method: string;
  readonly grids: Readonly<Record<string, readonly string[]>>;
  readonly tables: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/**
 * Refuses what is no result of a method, with the part that is missing or wrong.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkResult("result", readout, { method: "lens", grids: {}, tables: {} });
 */
export function checkResult<R extends Result>(
  argument: string,
  value: unknown,
  shape: ResultShape<R> | AnyShape,
): asserts value is R {
  checkShape(shape);
  const problem = problemOf(value, shape as AnyShape);
  if (problem === undefined) return;
  const rule = `is no result of "${shape.method}": ${problem}. Give what the method returns, as it is.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/** Parts that are no plain data may be one thing when they are checked and another when they are read. */
function problemOf(value: unknown, shape: AnyShape): string | undefined {
  try {
    return resultProblem(value) ?? shapeProblem(value as Result, shape);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const rule = `is no plain data of a result (${why}). Give what the method returns, as it is.`;
    throw Object.assign(new InvalidArgumentError("result", value, rule), { cause });
  }
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no shape */
export function checkShape(shape: unknown): void {
  checkRecord("shape", shape);
  const { method, grids, tables } = shape as Record<string, unknown>;
  checkText("shape.method", method);
  for (const [part, named] of Object.entries({ grids, tables })) {
    checkRecord(`shape.${part}`, named);
    for (const [name, parts] of Object.entries(named as object)) {
      (part === "grids" ? checkTexts : checkRecord)(`shape.${part}.${name}`, parts);
    }
  }
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no list of results, of whatever methods */
export function checkResults(argument: string, value: unknown): asserts value is Result[] {
  checkList(argument, value);
  for (const [index, one] of (value as unknown[]).entries()) {
    const problem = resultProblem(one);
    if (problem === undefined) continue;
    throw new InvalidArgumentError(`${argument}[${index}]`, one, `is no result: ${problem}.`);
  }
}

function shapeProblem({ method, grids, tables }: Result, shape: AnyShape): string | undefined {
  if (method !== shape.method) return `"${method.slice(0, 40)}" made it`;
  for (const [name, axes] of Object.entries(shape.grids)) {
    const own = grids[name]?.axes;
    if (!own) return `it has no grid "${name}"`;
    if (own.join() !== axes.join()) return `its grid "${name}" has the axes ${own.join(", ") || "of none"}, not ${axes.join(", ")}`; // biome-ignore format: one line
  }
  for (const [name, columns] of Object.entries(shape.tables)) {
    const table = tables[name];
    if (!table) return `it has no table "${name}"`;
    for (const row of table.rows) {
      const odd = oddColumn(row, columns);
      if (odd !== undefined) return `in its table "${name}", ${odd}`;
    }
  }
  return undefined;
}

const words: Readonly<Record<string, string>> = { string: "text", number: "number", boolean: "flag", undefined: "absent" }; // biome-ignore format: one table

function oddColumn(
  row: Readonly<Record<string, unknown>>,
  columns: AnyShape["tables"][string],
): string | undefined {
  for (const [column, kinds] of Object.entries(columns)) {
    const value = row[column];
    const kind = value === null ? "null" : words[typeof value];
    const fits = typeof kinds === "string" ? kind === kinds : kinds.includes(kind);
    if (!fits) return `"${column}" is ${kind} instead of ${[kinds].flat().join(" or ")}`;
  }
  return undefined;
}
