/** Curves, histograms, points: pictures with two axes. */
import {
  formatNumber,
  type HistogramBlock,
  type LinesBlock,
  type ScatterBlock,
} from "@mlxterp/results";
import {
  areaY,
  axisX,
  axisY,
  dot,
  gridY,
  line,
  type Markish,
  type PlotOptions,
  rectY,
  ruleY,
  text,
} from "@observablehq/plot";
import type { Look } from "../design/look.js";
import { frame, type Picture } from "../frame.js";
import { plotMarkup } from "../plot-svg.js";
import { shorten } from "../text.js";

const height = 320;
const margins = { marginLeft: 64, marginTop: 10, marginBottom: 44 } as const;
/** So that lines differ without their colours, too. */
const dashes = ["none", "6 3", "2 3", "8 3 2 3"];

interface Titled {
  readonly title: string;
  readonly subtitle?: string;
}

function framed({ title, subtitle }: Titled, options: PlotOptions, look: Look): Picture {
  const size = { width: look.plotWidth, height };
  const markup = plotMarkup({ ...size, ...margins, marginRight: 16, ...options });
  return frame({ markup, ...size }, { title, subtitle }, look);
}

function axes(
  x: string,
  y: string,
  { theme }: Look,
  ticks: Parameters<typeof axisX>[0] = {},
): Markish[] {
  const shared = { labelAnchor: "center", labelArrow: "none", color: theme.quiet } as const;
  return [
    gridY({ stroke: theme.line, strokeOpacity: 1 }),
    axisX({ label: x, ...shared, ...ticks }),
    axisY({ label: y, ...shared, tickSize: 0 }),
  ];
}

/** Draws curves, each with its name at its end; a gap where a value is missing. */
export function drawLines(block: LinesBlock, look: Look): Picture {
  const { x, lines, xTitle, yTitle } = block;
  const { hues } = look.theme;
  const named = x.some((place) => typeof place === "string");
  const at = (index: number) => (named ? index : Number(x[index]));
  const points = lines.flatMap(({ label, values }, row) =>
    values.map((value, index) => ({ x: at(index), y: value ?? Number.NaN, label, row })),
  );
  const bands = lines.flatMap(({ low, high }, row) =>
    low && high
      ? low.map((value, index) => ({
          x: at(index),
          low: value ?? Number.NaN,
          high: high[index] ?? Number.NaN,
          row,
        }))
      : [],
  );
  const ends = lines.flatMap(({ label, values }, row) => {
    const last = values.findLastIndex((value) => value !== null);
    return last < 0 ? [] : [{ x: at(last), y: values[last], label: shorten(label, 16), row }];
  });
  const stroke = ({ row }: { row: number }) => hues[row % hues.length];
  const tickFormat = (index: number) => `${x[index] ?? ""}`;
  return framed(
    block,
    {
      marginRight: 120,
      marks: [
        ...axes(
          xTitle,
          yTitle,
          look,
          named ? { tickFormat, ticks: x.map((_, index) => index) } : {},
        ),
        areaY(bands, { x: "x", y1: "low", y2: "high", z: "row", fill: stroke, fillOpacity: 0.15 }),
        ...lines.map((_, row) =>
          line(
            points.filter((point) => point.row === row),
            {
              x: "x",
              y: "y",
              stroke,
              strokeWidth: 2,
              strokeDasharray: dashes[Math.floor(row / hues.length) % dashes.length],
            },
          ),
        ),
        dot(
          points.filter(({ y }) => Number.isFinite(y)),
          {
            x: "x",
            y: "y",
            r: 2.5,
            fill: stroke,
            title: (point) => `${point.label}: ${formatNumber(point.y)}`,
          },
        ),
        text(ends, { x: "x", y: "y", text: "label", textAnchor: "start", dx: 8, fill: stroke }),
      ],
    },
    look,
  );
}

/** Draws counts between their edges. */
export function drawHistogram(block: HistogramBlock, look: Look): Picture {
  const { edges, counts, axis } = block;
  const bins = counts.map((count, index) => ({ count, x1: edges[index], x2: edges[index + 1] }));
  return framed(
    block,
    {
      marks: [
        ...axes(axis, "count", look),
        rectY(bins, {
          x1: "x1",
          x2: "x2",
          y: "count",
          fill: look.theme.accent,
          title: ({ count, x1, x2 }) => `${formatNumber(x1)} to ${formatNumber(x2)}: ${count}`,
        }),
        ruleY([0], { stroke: look.theme.quiet }),
      ],
    },
    look,
  );
}

/** Draws points, with their names where they are few. */
export function drawScatter(block: ScatterBlock, look: Look): Picture {
  const { points, xTitle, yTitle } = block;
  const place = { x: "x", y: "y" };
  return framed(
    block,
    {
      inset: 14,
      marks: [
        ...axes(xTitle, yTitle, look),
        dot(points, {
          ...place,
          r: 3,
          fill: look.theme.accent,
          title: ({ label, x, y }) => `${label}: ${formatNumber(x)}, ${formatNumber(y)}`,
        }),
        ...(points.length <= 40
          ? [text(points, { ...place, text: ({ label }) => shorten(label, 20), dy: -8 })]
          : []),
      ],
    },
    look,
  );
}
