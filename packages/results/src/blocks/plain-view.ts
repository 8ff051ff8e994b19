/** How a result is looked at whose method does not say: what was fed, the notes, and the tables as they are. */
import type { Result } from "../results/result.js";
import type { Table, TableValue } from "../results/table.js";
import { formatNumber } from "../text/format-number.js";
import type { Block } from "./block.js";
import { fedBlocks, noteBlocks, section } from "./make-blocks.js";

export function plainView({ fed, notes, tables }: Result): Block[] {
  const shown = Object.entries(tables).flatMap(([name, table]) =>
    table ? [section(name, tableBlock(table))] : [],
  );
  return [...fedBlocks(fed), ...noteBlocks(notes), ...shown];
}

function tableBlock({ columns, rows }: Table<Readonly<Record<string, TableValue>>>): Block {
  const isNumber = (column: string) => rows.some((row) => typeof row[column] === "number");
  return {
    kind: "table",
    columns: columns.map((title) => ({ title, align: isNumber(title) ? "right" : "left" })),
    rows: rows.map((row) => columns.map((column) => cellOf(row[column]))),
  };
}

function cellOf(value: TableValue | undefined): string {
  return typeof value === "number" ? formatNumber(value) : `${value ?? ""}`;
}
