/** Attention patterns as small multiples. */
import type { AttentionResult, HeadPattern } from "@mlxterp/analysis";
import { axisX, axisY, cell, type Markish } from "@observablehq/plot";
import { plotColour } from "../colours.js";
import { frame } from "../frame.js";
import { characterWidth } from "../grid-layout.js";
import { plotMarkup } from "../plot-svg.js";
import { escapeMarkup, formatNumber, shorten, visibleToken } from "../text.js";

export interface AttentionFigureOptions {
  readonly title?: string;
  /** Panels in a row. Default: what fits. */
  readonly perRow?: number;
}

const pageWidth = 930;
const scale = { kind: "sequential", domain: [0, 1] } as const;
const caption = 20;

/** The size of one panel. */
interface Panel {
  readonly tokens: readonly string[];
  /** Room for labels, on the left and below. */
  readonly left: number;
  /** Of all cells together. */
  readonly side: number;
  readonly width: number;
  readonly height: number;
}

/**
 * One panel for each head of the result: queries from top to bottom, keys from left to right. Draw few heads at once,
 * chosen with `attentionPatterns(model, prompt, { layers, heads })`.
 *
 * @returns an SVG document
 * @example
 * attentionFigure(await attentionPatterns(model, "Once upon a time", { layers: [2] }));
 */
export function attentionFigure(
  result: AttentionResult,
  options: AttentionFigureOptions = {},
): string {
  const { patterns } = result;
  const panel = panelSize(result, patterns.length);
  const fitting = Math.max(1, Math.floor(pageWidth / panel.width));
  const perRow = Math.min(options.perRow ?? fitting, patterns.length);
  const drawn = patterns.map((pattern) => drawPanel(pattern, panel));
  const placed = drawn.map(({ markup }, index) => {
    const x = (index % perRow) * panel.width;
    const y = Math.floor(index / perRow) * panel.height;
    return `<g transform="translate(${x} ${y})">${markup}</g>`;
  });
  const width = perRow * panel.width;
  const height = Math.ceil(patterns.length / perRow) * panel.height;
  const drawing = { markup: placed.join(""), width, height };
  return frame(drawing, {
    title: options.title ?? "Attention patterns",
    subtitle: "Each row is a token that looks (query), each column one that it looks at (key)",
    legend: {
      label: "attention weight",
      colour: drawn[0].colour,
      domain: [0, 1],
      ticks: [0, 0.5, 1],
    },
  });
}

function panelSize({ prompt }: AttentionResult, count: number): Panel {
  const tokens = prompt.pieces.map((piece) => shorten(visibleToken(piece), 10));
  const longest = characterWidth * Math.max(...tokens.map((token) => [...token].length));
  const left = Math.ceil(longest + 10);
  const wanted = tokens.length * (count === 1 ? 26 : 15);
  const side = Math.min(Math.max(wanted, 90), pageWidth - left - 12);
  return {
    tokens,
    left,
    side,
    width: left + side + 12,
    height: caption + side + left + 4,
  };
}

function drawPanel(pattern: HeadPattern, panel: Panel) {
  const { left, side, tokens } = panel;
  const order = tokens.map((_, index) => index);
  const { markup, colour } = plotMarkup({
    width: panel.width,
    height: panel.height - caption,
    marginLeft: left,
    marginRight: 12,
    marginTop: 0,
    marginBottom: panel.height - caption - side,
    padding: 0.03,
    x: { domain: order },
    y: { domain: order },
    color: plotColour(scale),
    marks: [
      ...tokenAxes(tokens),
      cell(visibleCells(pattern, tokens), { x: "key", y: "query", fill: "weight", title: "label" }),
    ],
  });
  const name = escapeMarkup(`layer ${pattern.layer}, head ${pattern.head}`);
  const title = `<text x="${left}" y="13" font-size="12" font-weight="600">${name}</text>`;
  return {
    markup: `${title}<g transform="translate(0 ${caption})">${markup}</g>`,
    colour: colour!,
  };
}

function tokenAxes(tokens: readonly string[]): Markish[] {
  const shared = { tickSize: 0, label: null, tickFormat: (index: number) => tokens[index] };
  return [axisX({ ...shared, tickRotate: -90, textAnchor: "end", tickPadding: -6 }), axisY(shared)];
}

/** Keys after the query are masked, and left out. */
function visibleCells({ weights }: HeadPattern, tokens: readonly string[]) {
  const size = tokens.length;
  return tokens.flatMap((_, query) =>
    tokens.slice(0, query + 1).map((_token, key) => {
      const weight = weights[query * size + key];
      const label = `${tokens[query]} → ${tokens[key]}: ${formatNumber(weight)}`;
      return { query, key, weight, label };
    }),
  );
}
