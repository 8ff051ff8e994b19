/** Rows of texts, in the order of any column. */
import type { Cell, TableBlock } from "@mlxterp/results";
import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import { textOf } from "../parts/heat-layout.js";
import { moveBy } from "../parts/move-by.js";
import type { ViewProps } from "../parts/selection.js";
import { type Order, sortedRows } from "../parts/sort-rows.js";

/** More are shown on request. */
const page = 100;

/** A click on a column sorts by it, largest first; another turns the order, a third takes it back. Where rows can be chosen, arrow keys move between them. */
export function TableView({ block, onSelect }: ViewProps<TableBlock>) {
  const { columns, caption } = block;
  const [order, setOrder] = useState<Order>();
  const [most, setMost] = useState(page);
  /** The row that keys begin at. */
  const [current, setCurrent] = useState(0);
  const rows = order ? sortedRows(block.rows, order) : block.rows;
  const turn = (column: number) =>
    setOrder(order?.column !== column ? { column, descending: true } : order.descending ? { column, descending: false } : undefined); // biome-ignore format: one choice
  const sortOf = (column: number) => order?.column === column ? (order.descending ? "descending" : "ascending") : "none"; // biome-ignore format: one choice
  const choose = (row: TableBlock["rows"][number]) =>
    onSelect?.({ block, cell: { row: block.rows.indexOf(row) }, token: textOf(row[0] ?? "") });
  const onKey = (event: TargetedKeyboardEvent<HTMLElement>, at: number) => {
    const size = { rows: Math.min(most, rows.length), columns: 1 };
    const moved = moveBy(event.key, { row: at, column: 0 }, size);
    const isChoice = event.key === "Enter" || event.key === " ";
    if (!onSelect || (!moved && !isChoice)) return;
    event.preventDefault();
    if (!moved) return choose(rows[at]);
    setCurrent(moved.row);
    const next = event.currentTarget.parentElement?.children[moved.row];
    if (next instanceof HTMLElement) next.focus();
  };
  return (
    <div class="mi-table">
      <table>
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map(({ title, align }, column) => (
              <th
                key={`${column}${title}`}
                scope="col"
                class={align === "right" ? "mi-number" : undefined}
                aria-sort={sortOf(column)}
              >
                <button
                  type="button"
                  onClick={() => turn(column)}
                  aria-label={title === "" ? `column ${column + 1}` : undefined}
                >
                  <bdi>{title}</bdi>
                  <i aria-hidden="true">
                    {order?.column === column ? (order.descending ? "▾" : "▴") : ""}
                  </i>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row, index) => (
            <tr
              key={`${index}${textOf(row[0] ?? "")}`}
              tabIndex={onSelect && (index === current ? 0 : -1)}
              onClick={() => choose(row)}
              onKeyDown={(event) => onKey(event, index)}
            >
              {row.map((cell, column) => (
                <td key={`${column}`} class={classOf(cell, columns[column]?.align === "right")}>
                  <bdi>{textOf(cell)}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > most && (
        <button type="button" class="mi-button" onClick={() => setMost(most * 4)}>
          {rows.length - most} more rows
        </button>
      )}
    </div>
  );
}

function classOf(cell: Cell, right: boolean): string | undefined {
  const tone = typeof cell === "string" ? undefined : cell.tone;
  const short = textOf(cell).length <= 24 && "mi-short";
  return [right && "mi-number", short, tone && `mi-${tone}`].filter(Boolean).join(" ") || undefined;
}
