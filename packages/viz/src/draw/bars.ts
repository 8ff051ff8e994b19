/** Numbers as horizontal bars; blue to the right, orange to the left. */

import { type Bar, type BarsBlock, formatNumber } from "@mlxterp/results";
import { axisX, axisY, barX, link, type Markish, ruleX, text } from "@observablehq/plot";
import type { Look } from "../design/look.js";
import { frame, type Picture } from "../frame.js";
import { plotMarkup } from "../plot-svg.js";
import { shorten } from "../text.js";
import { characterWidth } from "./grid-layout.js";

const barHeight = 20;

/** Draws bars in the order given, with a line over the interval of those that have one. */
export function drawBars({ bars, title, subtitle, axis }: BarsBlock, look: Look): Picture {
  const width = look.plotWidth;
  const shown = bars.map((bar, index) => ({ ...bar, index, label: shorten(bar.label, 32) }));
  const height = shown.length * barHeight + 46;
  const markup = plotMarkup({
    width,
    height,
    marginLeft: 16 + characterWidth * Math.max(0, ...shown.map(({ label }) => [...label].length)),
    marginRight: 16,
    marginTop: 4,
    marginBottom: 38,
    x: { domain: domainOf(shown) },
    y: { domain: shown.map(({ index }) => index), padding: 0.18 },
    marks: barMarks(shown, axis, look),
  });
  return frame({ markup, width, height }, { title, subtitle }, look);
}

interface PlacedBar extends Bar {
  readonly index: number;
}

/** From the smallest to the largest value and zero, with room for the numbers at the ends of the bars. */
function domainOf(bars: readonly Bar[]): [number, number] {
  const ends = bars.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = 0.12 * (high - low || 1);
  return [low < 0 ? low - room : 0, high > 0 || low === 0 ? high + room : 0];
}

function barMarks(bars: readonly PlacedBar[], axis: string, { theme }: Look): Markish[] {
  const numbers = (side: 1 | -1) =>
    text(
      bars.filter(({ value }) => (value < 0 ? -1 : 1) === side),
      {
        x: ({ value, low, high }: Bar) =>
          side > 0 ? Math.max(value, high ?? value) : Math.min(value, low ?? value),
        y: "index",
        text: ({ value }: Bar) => formatNumber(value),
        textAnchor: side > 0 ? "start" : "end",
        dx: 5 * side,
      },
    );
  return [
    axisX({ label: axis, labelAnchor: "center", labelArrow: "none", ticks: 6 }),
    axisY({ tickSize: 0, label: null, tickFormat: (index: number) => bars[index].label }),
    barX(bars, {
      x: "value",
      y: "index",
      fill: ({ value }: Bar) => (value < 0 ? theme.counter : theme.accent),
      title: ({ label, value }: Bar) => `${label}: ${formatNumber(value)}`,
    }),
    link(
      bars.filter(({ low, high }) => low !== undefined && high !== undefined),
      { x1: "low", x2: "high", y1: "index", y2: "index", stroke: theme.ink, strokeWidth: 1.5 },
    ),
    numbers(1),
    numbers(-1),
    ruleX([0], { stroke: theme.quiet }),
  ];
}
