/** Sparse things as rows of named columns: features, edges, steps, scores. */
import { checkTable } from "./check-parts.js";

/** What a cell of a table holds. */
export type TableValue = string | number | boolean | null;

/** Rows that all have the same columns. */
export interface Table<Row extends Readonly<Record<string, TableValue>>> {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/**
 * A table; columns are named although it may have no rows.
 *
 * @example
 * createTable(["layer", "loss"], [{ layer: 0, loss: 2.5 }]).rows[0].loss; // 2.5
 */
export function createTable<Row extends Readonly<Record<string, TableValue>>>(
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): Table<Row> {
  checkTable("table", { columns, rows });
  return { columns: [...columns], rows: [...rows] }; // the result's own
}
