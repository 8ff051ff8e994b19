/** Grids and tables as CSV text (RFC 4180), for spreadsheets and data frames. */

import { brief } from "../errors/brief.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { checkList, checkRecord } from "../errors/option-rules.js";
import { checkGrid } from "../grids/check-grid.js";
import type { Grid } from "../grids/grid.js";
import { labelKey } from "../grids/label.js";
import { checkTable } from "../results/check-parts.js";
import type { Result } from "../results/result.js";
import { isCell } from "../results/result-problem.js";
import { checkResults } from "../results/result-shape.js";
import type { Table, TableValue } from "../results/table.js";

/**
 * A grid in long form: one line for each number, one column for each axis. Tokens have a second column with their text.
 *
 * @example
 * gridToCsv(createGrid({ labels: { layer: [0, 1] }, values: [0.5, 1], unit: "share" })); // "layer,share\r\n0,0.5\r\n1,1\r\n"
 */
export function gridToCsv(grid: Grid): string {
  checkGrid("grid", grid);
  const { axes, labels, values, unit, low, high } = grid;
  const isToken = axes.map((axis) => labels[axis].some((label) => typeof label === "object"));
  const header = axes.flatMap((axis, at) => (isToken[at] ? [axis, `${axis}Text`] : [axis]));
  const extra = [...(low ? ["low"] : []), ...(high ? ["high"] : [])];
  const lines = Array.from(values, (value, index) => [
    ...itemsAt(
      axes.map((axis) => labels[axis]),
      index,
    ).flatMap((label, at) =>
      isToken[at]
        ? [labelKey(label), typeof label === "object" ? label.text : ""]
        : [labelKey(label)],
    ),
    value,
    ...(low ? [low[index]] : []),
    ...(high ? [high[index]] : []),
  ]);
  return toCsv([[...header, unit, ...extra], ...lines]);
}

type Row = Readonly<Record<string, TableValue | undefined>>;

/**
 * Everything that results hold as one table: a line for each number of a grid and each row of a table, named by `part`; of
 * several results also by `result`, from 0. A column that a part does not have is empty there.
 *
 * @example
 * resultsToCsv([readout]).startsWith("part,"); // true
 */
export function resultsToCsv(results: readonly Result[]): string {
  checkResults("results", results);
  return rowsToCsv(
    results.flatMap(({ grids, tables }, at) => {
      const result = results.length > 1 ? { result: at } : {};
      return [
        ...Object.entries(grids).flatMap(([part, grid]) =>
          grid ? gridRows({ ...result, part }, grid) : [],
        ),
        ...Object.entries(tables).flatMap(([part, table]) =>
          (table?.rows ?? []).map((row): Row => ({ ...result, part, ...row })),
        ),
      ];
    }),
  );
}

/**
 * Rows with their own columns as one table, whose columns are those of all rows as they first come.
 *
 * @example
 * rowsToCsv([{ a: 1 }, { b: "x" }]); // "a,b\r\n1,\r\n,x\r\n"
 */
export function rowsToCsv(rows: readonly Row[]): string {
  checkList("rows", rows);
  for (const [index, row] of rows.entries()) {
    checkRecord(`rows[${index}]`, row);
    const odd = Object.keys(row).find((column) => !isCell(row[column]));
    if (odd === undefined) continue;
    const rule = `must be a number, a text, true, false or null, not ${brief(row[odd])}.`;
    throw new InvalidArgumentError(`rows[${index}].${odd}`, row[odd], rule);
  }
  const named = new Set<string>();
  for (const row of rows) for (const column of Object.keys(row)) named.add(column);
  const columns = [...named];
  return toCsv([columns, ...rows.map((row) => columns.map((column) => row[column]))]);
}

/** The numbers of a grid stand in `value`, whatever they are. */
function gridRows(of: Row, { axes, labels, values, unit, low, high }: Grid): Row[] {
  const named = axes.map((axis) =>
    labels[axis].map(
      (label): Row => ({
        [axis]: labelKey(label),
        ...(typeof label === "object" && { [`${axis}Text`]: label.text }),
      }),
    ),
  );
  return Array.from(values, (value, index) => {
    const interval = { ...(low && { low: low[index] }), ...(high && { high: high[index] }) };
    return Object.assign({ ...of }, ...itemsAt(named, index), { value, unit }, interval) as Row;
  });
}

/** What stands for the place of a number, of what each axis has for each of its places. */
function itemsAt<T>(axes: readonly (readonly T[])[], index: number): T[] {
  const items = new Array<T>(axes.length);
  let rest = index;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const { length } = axes[axis];
    items[axis] = axes[axis][rest % length];
    rest = Math.floor(rest / length);
  }
  return items;
}

/**
 * A table, with its columns as the first line.
 *
 * @example
 * tableToCsv(createTable(["layer", "loss"], [{ layer: 0, loss: 2.5 }])); // "layer,loss\r\n0,2.5\r\n"
 */
export function tableToCsv(table: Table<Readonly<Record<string, TableValue>>>): string {
  checkTable("table", table);
  const { columns, rows } = table;
  return toCsv([columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))]);
}

function toCsv(lines: readonly (readonly (TableValue | undefined)[])[]): string {
  return lines
    .map((line) => `${line.map((value) => quoted(`${value ?? ""}`)).join(",")}\r\n`)
    .join("");
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
