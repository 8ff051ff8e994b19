/** A grid of coloured cells with labels on both sides, and texts in the cells where they fit. */
import { axisX, axisY, cell, type Markish, type Scale, text } from "@observablehq/plot";
import { type ColourScale, plotColour, textOn } from "./colours.js";
import { type Drawing, frame, legendTicks } from "./frame.js";
import { type GridLayout, gridLayout } from "./grid-layout.js";
import { plotMarkup } from "./plot-svg.js";
import { escapeMarkup, shorten } from "./text.js";

/** What a heat map shows. */
export interface HeatMap {
  readonly title: string;
  readonly subtitle?: string;
  /** From left to right. */
  readonly columns: readonly string[];
  /** From bottom to top. */
  readonly rows: readonly string[];
  /** [row][column]; null leaves the cell empty. */
  readonly values: readonly (readonly (number | null)[])[];
  /** [row][column], written into the cells. */
  readonly texts?: readonly (readonly string[])[];
  /** Shown for a cell when pointed at. */
  readonly describe: (row: number, column: number) => string;
  readonly columnTitle: string;
  readonly rowTitle: string;
  readonly scale: ColourScale;
  /** What the colours measure. */
  readonly legend: string;
  /** The widest a cell may be, in pixels. Default: 46. */
  readonly cellWidth?: number;
}

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly value: number;
  readonly label: string;
}

/** Draws a heat map as one SVG document. */
export function heatMap(map: HeatMap): string {
  const { texts, columns, rows, scale } = map;
  const layout = gridLayout({
    columns,
    rows,
    cellWidth: map.cellWidth ?? 46,
    leastWidth: texts ? 34 : 14,
    cellHeight: 24,
  });
  const colour = scaleOf(scale);
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
    y: { domain: rows.map((_, index) => rows.length - 1 - index) },
    marks: [...axes(map, layout), ...cellMarks(map, layout, colour)],
  });
  return frame(withAxisTitles(map, layout, markup), {
    title: map.title,
    subtitle: map.subtitle,
    legend: { label: map.legend, colour, domain: scale.domain, ticks: legendTicks(scale) },
  });
}

/** The scale by itself, for texts and the legend. */
function scaleOf(scale: ColourScale): Scale {
  const { colour } = plotMarkup({
    color: plotColour(scale),
    marks: [cell([scale.domain[0]], { x: () => 0, fill: (value: number) => value })],
  });
  return colour!;
}

function axes({ rows }: HeatMap, { columnLabels, rotate }: GridLayout): Markish[] {
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

function cellMarks(map: HeatMap, { characters }: GridLayout, colour: Scale): Markish[] {
  const { values, texts, describe } = map;
  const cells: Cell[] = values.flatMap((own, row) =>
    own.flatMap((value, column) =>
      value === null ? [] : [{ row, column, value, label: describe(row, column) }],
    ),
  );
  const place = { x: "column", y: "row" };
  const squares = cell(cells, { ...place, fill: "value", title: "label" });
  if (!texts) return [squares];
  return [
    squares,
    text(cells, {
      ...place,
      text: ({ row, column }: Cell) => shorten(texts[row][column], characters),
      fill: ({ value }: Cell) => textOn(String(colour.apply(value))),
      fontSize: 10.5,
      pointerEvents: "none",
    }),
  ];
}

/** Titles are placed here: a plot has no way to know how long turned labels are. */
function withAxisTitles(map: HeatMap, layout: GridLayout, markup: string): Drawing {
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
