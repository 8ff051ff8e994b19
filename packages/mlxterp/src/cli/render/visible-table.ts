/** A table whose texts a terminal neither obeys nor hides. */
import { type Cell, type TableBlock, visibleLine } from "@mlxterp/results";

/** The table with everything written out that a terminal would obey or hide. */
export function visibleTable(block: TableBlock): TableBlock {
  return {
    ...block,
    columns: block.columns.map((column) => ({ ...column, title: visibleLine(column.title) })),
    rows: block.rows.map((row) => row.map(visibleCell)),
  };
}

function visibleCell(cell: Cell): Cell {
  return typeof cell === "string" ? visibleLine(cell) : { ...cell, text: visibleLine(cell.text) };
}
