/** A grid of coloured cells with labels on both sides, and texts in the cells where they fit. */

import { type Cell, formatCell, formatNumber, type GridBlock } from "@mlxterp/results";
import { axisX, axisY, cell, type Markish, type Scale, text } from "@observablehq/plot";
import { plotColour, textOn } from "../colours.js";
import { type Drawing, frame, legendTicks } from "../frame.js";
import { plotMarkup } from "../plot-svg.js";
import { escapeMarkup, shorten } from "../text.js";
import { type GridLayout, gridLayout } from "./grid-layout.js";
import { scaleOf } from "./scale.js";

const cellText = (given: Cell) => (typeof given === "string" ? given : given.text);

interface Square {
  readonly row: number;
  readonly column: number;
  readonly value: number;
  readonly label: string;
}

/** Words need more room than numbers. */
const cellWidths = { words: 62, numbers: 50 } as const;

/** Draws a grid as one SVG document. */
export function drawGrid(block: GridBlock): string {
  const map = { upwards: true, ...block };
  const { columns, rows, scale } = map;
  const words = map.cells?.some((row) => row.some((given) => /\p{L}{3}/u.test(cellText(given))));
  const layout = gridLayout({
    columns,
    rows,
    cellWidth: words ? cellWidths.words : cellWidths.numbers,
    leastWidth: 34,
    cellHeight: 24,
  });
  const colour = scaleOf(scale);
  const order = rows.map((_, index) => index);
  const { markup } = plotMarkup({
    width: layout.width,
    height: layout.height,
    marginLeft: layout.left,
    marginRight: layout.right,
    marginTop: layout.top,
    marginBottom: layout.bottom,
    padding: 0.04,
    color: plotColour(scale),
    x: { domain: columns.map((_, index) => index) },
    y: { domain: map.upwards ? order.reverse() : order },
    marks: [...axes(map, layout), ...cellMarks(map, layout, colour)],
  });
  return frame(withAxisTitles(map, layout, markup), {
    title: map.title,
    subtitle: map.subtitle,
    legend: { label: map.legend, colour, domain: scale.domain, ticks: legendTicks(scale) },
  });
}

function axes({ rows }: GridBlock, { columnLabels, rotate }: GridLayout): Markish[] {
  return [
    axisX({
      tickSize: 0,
      label: null,
      tickFormat: (index: number) => columnLabels[index],
      tickRotate: rotate,
      textAnchor: rotate === 0 ? "middle" : "end",
      tickPadding: 6,
    }),
    axisY({ tickSize: 0, label: null, tickFormat: (index: number) => rows[index], tickPadding: 6 }),
  ];
}

function cellMarks(map: GridBlock, { characters }: GridLayout, colour: Scale): Markish[] {
  const { values, cells: texts, details, rows, columns } = map;
  const describe = (row: number, column: number, value: number) =>
    details?.[row][column] ?? `${rows[row]}, ${columns[column]}: ${formatNumber(value)}`;
  const cells: Square[] = values.flatMap((own, row) =>
    own.flatMap((value, column) =>
      value === null ? [] : [{ row, column, value, label: describe(row, column, value) }],
    ),
  );
  const place = { x: "column", y: "row" };
  const written = ({ row, column, value }: Square) =>
    texts ? cellText(texts[row][column]) : formatCell(value);
  return [
    cell(cells, { ...place, fill: "value", title: "label" }),
    text(cells, {
      ...place,
      text: (square: Square) => shorten(written(square), characters),
      fill: ({ value }: Square) => textOn(String(colour.apply(value))),
      fontSize: 10.5,
      pointerEvents: "none",
    }),
  ];
}

/** Titles are placed here: a plot has no way to know how long turned labels are. */
function withAxisTitles(map: GridBlock, layout: GridLayout, markup: string): Drawing {
  const { width, height, left, top, bottom, right } = layout;
  const across = left + (width - left - right) / 2;
  const down = top + (height - top - bottom) / 2;
  const style = `font-size="11" fill="#5c5c5c" text-anchor="middle"`;
  const titles = [
    `<text x="${across}" y="${height - 4}" ${style}>${escapeMarkup(map.columnTitle)}</text>`,
    `<text transform="translate(16 ${down}) rotate(-90)" ${style}>${escapeMarkup(map.rowTitle)}</text>`,
  ];
  return { markup: markup + titles.join(""), width, height };
}
