/** Pictures on a terminal, as the tables of their numbers. */
import {
  formatCell,
  formatNumber,
  type GraphBlock,
  type GridBlock,
  type HistogramBlock,
  type LinesBlock,
  type ScatterBlock,
  type TableBlock,
  visibleLine,
} from "@mlxterp/results";
import { paint, type Screen } from "../terminal/screen.js";
import { wrap } from "../terminal/text.js";
import { renderBars } from "./bars.js";
import { renderTable } from "./table.js";
import { visibleTable } from "./visible-table.js";

function titled(title: string, table: Omit<TableBlock, "kind">, screen: Screen): string {
  const head = paint(screen, ["bold", "underline"], wrap(visibleLine(title), screen.width));
  return `${head}\n\n${renderTable(visibleTable({ kind: "table", ...table }), screen)}`;
}

/** Points and edges beyond these are left to pages and data. */
const most = 40;

export function renderGrid(block: GridBlock, screen: Screen): string {
  const { columns, rows, values, cells } = block;
  const shown = cells ?? values.map((row) => row.map((value) => (value === null ? "" : formatCell(value)))); // biome-ignore format: one expression
  const right = cells === undefined || values.flat().length === 0;
  return titled(
    block.title,
    {
      columns: [
        { title: block.rowTitle },
        ...columns.map((title) => ({ title, ...(right && { align: "right" as const }) })),
      ],
      rows: rows.map((row, index) => [row, ...shown[index]]),
      unit: block.unit,
      widest: 12,
    },
    screen,
  );
}

export function renderLines(block: LinesBlock, screen: Screen): string {
  const { x, lines, xTitle } = block;
  return titled(
    block.title,
    {
      columns: [
        { title: xTitle },
        ...lines.map(({ label }) => ({ title: label, align: "right" as const })),
      ],
      rows: x.map((place, index) => [
        `${place}`,
        ...lines.map(({ values }) => {
          const value = values[index];
          return value === null ? "" : formatNumber(value);
        }),
      ]),
      unit: "lines",
    },
    screen,
  );
}

export function renderHistogram(block: HistogramBlock, screen: Screen): string {
  const { title, axis, edges, counts } = block;
  const bars = counts.map((value, index) => ({
    label: `${formatNumber(edges[index])} to ${formatNumber(edges[index + 1])}`,
    value,
  }));
  return renderBars({ kind: "bars", title, axis, bars }, screen);
}

export function renderScatter(block: ScatterBlock, screen: Screen): string {
  const { points, xTitle, yTitle } = block;
  return titled(
    `${block.title}${points.length > most ? ` (the first ${most} of ${points.length})` : ""}`,
    {
      columns: [
        { title: "" },
        { title: xTitle, align: "right" },
        { title: yTitle, align: "right" },
      ],
      rows: points.slice(0, most).map(({ label, x, y }) => [label, formatNumber(x), formatNumber(y)]), // biome-ignore format: one expression
    },
    screen,
  );
}

export function renderGraph(block: GraphBlock, screen: Screen): string {
  const names = new Map(block.nodes.map(({ id, label }) => [id, label]));
  const edges = block.edges.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return titled(
    `${block.title}${edges.length > most ? ` (the ${most} strongest of ${edges.length} edges)` : ""}`,
    {
      columns: [{ title: "from" }, { title: "to" }, { title: "weight", align: "right" }],
      rows: edges
        .slice(0, most)
        .map(({ from, to, weight }) => [names.get(from) ?? from, names.get(to) ?? to, formatNumber(weight)]), // biome-ignore format: one expression
      fixed: 2,
    },
    screen,
  );
}
