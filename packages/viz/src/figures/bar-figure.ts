/** Contributions as bars, largest first. */
import type { Attribution } from "@mlxterp/analysis";
import { axisX, axisY, barX, type Markish, ruleX, text } from "@observablehq/plot";
import { frame } from "../frame.js";
import { characterWidth } from "../grid-layout.js";
import { plotMarkup } from "../plot-svg.js";
import { formatNumber, shorten } from "../text.js";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
}

export interface BarFigureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** What the bars measure, under the axis. */
  readonly axis: string;
  /** Bars drawn; the others are left out. Default: 20. */
  readonly most?: number;
}

const width = 760;
const barHeight = 20;

/**
 * Horizontal bars, sorted by size regardless of sign; blue to the right, red to the left.
 *
 * @returns an SVG document
 * @example
 * barFigure(attributionBars(attribution), { title: "What speaks for the answer", axis: "logits" });
 */
export function barFigure(bars: readonly Bar[], options: BarFigureOptions): string {
  const shown = [...bars]
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, options.most ?? 20)
    .map(({ label, value }, index) => ({ index, value, label: shorten(label, 32) }));
  const height = shown.length * barHeight + 46;
  const { markup } = plotMarkup({
    width,
    height,
    marginLeft: 16 + characterWidth * Math.max(0, ...shown.map(({ label }) => [...label].length)),
    marginRight: 16,
    marginTop: 4,
    marginBottom: 38,
    x: { domain: domainOf(shown) },
    y: { domain: shown.map(({ index }) => index), padding: 0.18 },
    marks: barMarks(shown, options.axis),
  });
  return frame({ markup, width, height }, { title: options.title, subtitle: options.subtitle });
}

interface PlacedBar extends Bar {
  readonly index: number;
}

/** From the smallest to the largest value and zero, with room for the numbers at the ends of the bars. */
function domainOf(bars: readonly Bar[]): [number, number] {
  const ends = bars.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = 0.12 * (high - low || 1);
  return [low < 0 ? low - room : 0, high > 0 || low === 0 ? high + room : 0];
}

function barMarks(bars: readonly PlacedBar[], axis: string): Markish[] {
  const numbers = (side: 1 | -1) =>
    text(
      bars.filter(({ value }) => (value < 0 ? -1 : 1) === side),
      {
        x: "value",
        y: "index",
        text: ({ value }: Bar) => formatNumber(value),
        textAnchor: side > 0 ? "start" : "end",
        dx: 4 * side,
      },
    );
  return [
    axisX({ label: axis, labelAnchor: "center", labelArrow: "none", ticks: 6 }),
    axisY({ tickSize: 0, label: null, tickFormat: (index: number) => bars[index].label }),
    barX(bars, {
      x: "value",
      y: "index",
      fill: ({ value }: Bar) => (value < 0 ? "#b2182b" : "#2166ac"),
      title: ({ label, value }: Bar) => `${label}: ${formatNumber(value)}`,
    }),
    numbers(1),
    numbers(-1),
    ruleX([0], { stroke: "#5c5c5c" }),
  ];
}

/**
 * The parts of a direct logit attribution as bars: heads as `L.H`, and everything else by name.
 *
 * @example
 * const bars = attributionBars(await directLogitAttribution(model, prompt, { answer: "Mary" }));
 */
export function attributionBars(attribution: Attribution): Bar[] {
  const { embedding, heads, attentionRest, mlps, normBias, unembeddingRest } = attribution;
  const byLayer = (name: string, values: readonly number[]) =>
    values.map((value, layer) => ({ label: `${name} ${layer}`, value }));
  const bars = [
    { label: "embedding", value: embedding },
    ...heads.flatMap((row, layer) =>
      row.map((value, head) => ({ label: `head ${layer}.${head}`, value })),
    ),
    ...byLayer("attention rest", attentionRest),
    ...byLayer("MLP", mlps),
    { label: "norm bias", value: normBias },
    { label: "unembedding rest", value: unembeddingRest },
  ];
  return bars.filter(({ value }) => Math.abs(value) > 1e-6); // what rounding left of parts that are absent
}
