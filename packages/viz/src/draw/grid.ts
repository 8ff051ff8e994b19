/** A grid of coloured cells with labels on both sides, and texts in the cells where they fit. */

import { type Cell, formatCell, formatNumber, type GridBlock } from "@mlxterp/results";
import { axisX, axisY, cell, type Markish, text } from "@observablehq/plot";
import { colourOf, textOn } from "../design/colour-of.js";
import { type Look, svgFonts } from "../design/look.js";
import { type Drawing, frame, type Picture } from "../frame.js";
import { plotMarkup } from "../plot-svg.js";
import { escapeMarkup, shorten } from "../text.js";
import { type GridLayout, gridLayout } from "./grid-layout.js";

const cellText = (given: Cell) => (typeof given === "string" ? given : given.text);

interface Square {
  readonly row: number;
  readonly column: number;
  readonly value: number;
  readonly label: string;
}

/** Words need more room than numbers. */
const cellWidths = { words: 62, numbers: 50 } as const;

/** Draws a grid. */
export function drawGrid(block: GridBlock, look: Look): Picture {
  const map = { upwards: true, ...block };
  const { columns, rows, scale } = map;
  const words = map.cells?.some((row) => row.some((given) => /\p{L}{3}/u.test(cellText(given))));
  const layout = gridLayout({
    columns,
    rows,
    cellWidth: words ? cellWidths.words : cellWidths.numbers,
    leastWidth: 34,
    cellHeight: 24,
    page: look.width,
  });
  const colour = colourOf(scale, look.theme);
  const order = rows.map((_, index) => index);
  const markup = plotMarkup({
    width: layout.width,
    height: layout.height,
    marginLeft: layout.left,
    marginRight: layout.right,
    marginTop: layout.top,
    marginBottom: layout.bottom,
    padding: 0.04,
    x: { domain: columns.map((_, index) => index) },
    y: { domain: map.upwards ? order.reverse() : order },
    marks: [...axes(map, layout), ...cellMarks(map, layout, colour)],
  });
  const { title, subtitle, legend: label } = map;
  const drawing = withAxisTitles(map, layout, markup, look);
  return frame(drawing, { title, subtitle, legend: { label, scale } }, look);
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
      fontFamily: svgFonts.token,
    }),
    axisY({ tickSize: 0, label: null, tickFormat: (index: number) => rows[index], tickPadding: 6 }),
  ];
}

function cellMarks(
  map: GridBlock,
  { characters }: GridLayout,
  colour: (value: number) => string,
): Markish[] {
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
    cell(cells, { ...place, fill: ({ value }: Square) => colour(value), title: "label" }),
    text(cells, {
      ...place,
      text: (square: Square) => shorten(written(square), characters),
      fill: ({ value }: Square) => textOn(colour(value)),
      fontSize: 10.5,
      ...(texts && { fontFamily: svgFonts.token }),
      pointerEvents: "none",
    }),
  ];
}

/** Titles are placed here: a plot has no way to know how long turned labels are. */
function withAxisTitles(
  map: GridBlock,
  layout: GridLayout,
  markup: string,
  { theme }: Look,
): Drawing {
  const { width, height, left, top, bottom, right } = layout;
  const across = left + (width - left - right) / 2;
  const down = top + (height - top - bottom) / 2;
  const style = `font-size="11" fill="${theme.quiet}" text-anchor="middle"`;
  const titles = [
    `<text x="${across}" y="${height - 4}" ${style}>${escapeMarkup(map.columnTitle)}</text>`,
    `<text transform="translate(16 ${down}) rotate(-90)" ${style}>${escapeMarkup(map.rowTitle)}</text>`,
  ];
  return { markup: markup + titles.join(""), width, height };
}
