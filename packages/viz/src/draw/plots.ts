/** Curves, histograms, points: pictures with two axes. */
import {
  formatNumber,
  type HistogramBlock,
  type LinesBlock,
  type ScatterBlock,
} from "@mlxterp/results";
import {
  axisX,
  axisY,
  dot,
  line,
  type Markish,
  type PlotOptions,
  rectY,
  ruleY,
  text,
} from "@observablehq/plot";
import { frame } from "../frame.js";
import { plotMarkup } from "../plot-svg.js";
import { shorten } from "../text.js";

const size = { width: 760, height: 320 } as const;
const margins = { marginLeft: 64, marginTop: 10, marginBottom: 44 } as const;
const hues = ["#2166ac", "#b2182b", "#1b7837", "#762a83", "#b35806", "#4d4d4d"];

interface Titled {
  readonly title: string;
  readonly subtitle?: string;
}

function framed({ title, subtitle }: Titled, options: PlotOptions): string {
  const { markup } = plotMarkup({ ...size, ...margins, marginRight: 16, ...options });
  return frame({ markup, ...size }, { title, subtitle });
}

function axes(x: string, y: string, ticks: Parameters<typeof axisX>[0] = {}): Markish[] {
  const shared = { labelAnchor: "center", labelArrow: "none" } as const;
  return [axisX({ label: x, ...shared, ...ticks }), axisY({ label: y, ...shared })];
}

/** Draws curves, each with its name at its end; a gap where a value is missing. */
export function drawLines(block: LinesBlock): string {
  const { x, lines, xTitle, yTitle } = block;
  const named = x.some((place) => typeof place === "string");
  const at = (index: number) => (named ? index : Number(x[index]));
  const points = lines.flatMap(({ label, values }, row) =>
    values.map((value, index) => ({ x: at(index), y: value ?? Number.NaN, label, row })),
  );
  const ends = lines.flatMap(({ label, values }, row) => {
    const last = values.findLastIndex((value) => value !== null);
    return last < 0 ? [] : [{ x: at(last), y: values[last], label: shorten(label, 16), row }];
  });
  const stroke = ({ row }: { row: number }) => hues[row % hues.length];
  const tickFormat = (index: number) => `${x[index] ?? ""}`;
  return framed(block, {
    marginRight: 120,
    marks: [
      ...axes(xTitle, yTitle, named ? { tickFormat, ticks: x.map((_, index) => index) } : {}),
      line(points, { x: "x", y: "y", z: "row", stroke }),
      dot(
        points.filter(({ y }) => Number.isFinite(y)),
        {
          x: "x",
          y: "y",
          r: 2,
          fill: stroke,
          title: (point) => `${point.label}: ${formatNumber(point.y)}`,
        },
      ),
      text(ends, { x: "x", y: "y", text: "label", textAnchor: "start", dx: 8, fill: stroke }),
    ],
  });
}

/** Draws counts between their edges. */
export function drawHistogram(block: HistogramBlock): string {
  const { edges, counts, axis } = block;
  const bins = counts.map((count, index) => ({ count, x1: edges[index], x2: edges[index + 1] }));
  return framed(block, {
    marks: [
      ...axes(axis, "count"),
      rectY(bins, {
        x1: "x1",
        x2: "x2",
        y: "count",
        fill: "#2166ac",
        title: ({ count, x1, x2 }) => `${formatNumber(x1)} to ${formatNumber(x2)}: ${count}`,
      }),
      ruleY([0]),
    ],
  });
}

/** Draws points, with their names where they are few. */
export function drawScatter(block: ScatterBlock): string {
  const { points, xTitle, yTitle } = block;
  const place = { x: "x", y: "y" };
  return framed(block, {
    marks: [
      ...axes(xTitle, yTitle),
      dot(points, {
        ...place,
        r: 3,
        fill: "#2166ac",
        title: ({ label, x, y }) => `${label}: ${formatNumber(x)}, ${formatNumber(y)}`,
      }),
      ...(points.length <= 40
        ? [text(points, { ...place, text: ({ label }) => shorten(label, 20), dy: -8 })]
        : []),
    ],
  });
}
