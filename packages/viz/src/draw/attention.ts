/** Attention patterns as small multiples. */
import { type AttentionBlock, formatNumber, visibleToken } from "@mlxterp/results";
import { axisX, axisY, cell, type Markish } from "@observablehq/plot";
import { colourOf } from "../design/colour-of.js";
import { type Look, svgFonts } from "../design/look.js";
import { frame, type Picture } from "../frame.js";
import { plotMarkup } from "../plot-svg.js";
import { escapeMarkup, shorten } from "../text.js";
import { characterWidth } from "./grid-layout.js";

type HeadPattern = AttentionBlock["patterns"][number];

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

/** Draws one panel for each head: queries from top to bottom, keys from left to right. Few heads at once are readable. */
export function drawAttention(block: AttentionBlock, look: Look): Picture {
  const { patterns } = block;
  const panel = panelSize(block, look);
  const fitting = Math.max(1, Math.floor(look.width / panel.width));
  const perRow = Math.min(fitting, patterns.length);
  const drawn = patterns.map((pattern) => drawPanel(pattern, panel, block.causal, look));
  const placed = drawn.map((markup, index) => {
    const x = (index % perRow) * panel.width;
    const y = Math.floor(index / perRow) * panel.height;
    return `<g transform="translate(${x} ${y})">${markup}</g>`;
  });
  const width = perRow * panel.width;
  const height = Math.ceil(patterns.length / perRow) * panel.height;
  const drawing = { markup: placed.join(""), width, height };
  const title = "Attention patterns";
  const subtitle = "Each row is a token that looks (query), each column one that it looks at (key)";
  return frame(drawing, { title, subtitle, legend: { label: "attention weight", scale } }, look);
}

function panelSize({ pieces, patterns }: AttentionBlock, look: Look): Panel {
  const count = patterns.length;
  const tokens = pieces.map((piece) => shorten(visibleToken(piece), 10));
  const longest = characterWidth * Math.max(...tokens.map((token) => [...token].length));
  const left = Math.ceil(longest + 10);
  const wanted = tokens.length * (count === 1 ? 26 : 15);
  const side = Math.min(Math.max(wanted, 90), look.width - left - 12);
  return {
    tokens,
    left,
    side,
    width: left + side + 12,
    height: caption + side + left + 4,
  };
}

function drawPanel(pattern: HeadPattern, panel: Panel, causal: boolean, look: Look): string {
  const { left, side, tokens } = panel;
  const order = tokens.map((_, index) => index);
  const colour = colourOf(scale, look.theme);
  const markup = plotMarkup({
    width: panel.width,
    height: panel.height - caption,
    marginLeft: left,
    marginRight: 12,
    marginTop: 0,
    marginBottom: panel.height - caption - side,
    padding: 0.03,
    x: { domain: order },
    y: { domain: order },
    marks: [
      ...tokenAxes(tokens),
      cell(visibleCells(pattern, tokens, causal), {
        x: "key",
        y: "query",
        fill: ({ weight }: { weight: number }) => colour(weight),
        title: "label",
      }),
    ],
  });
  const name = escapeMarkup(`layer ${pattern.layer}, head ${pattern.head}`);
  const title = `<text x="${left}" y="13" font-size="12" font-weight="600">${name}</text>`;
  return `${title}<g transform="translate(0 ${caption})">${markup}</g>`;
}

function tokenAxes(tokens: readonly string[]): Markish[] {
  const shared = {
    tickSize: 0,
    label: null,
    tickFormat: (index: number) => tokens[index],
    fontFamily: svgFonts.token,
  };
  return [axisX({ ...shared, tickRotate: -90, textAnchor: "end", tickPadding: -6 }), axisY(shared)];
}

/** Where no query sees a later key, those are left out. */
function visibleCells({ weights }: HeadPattern, tokens: readonly string[], causal: boolean) {
  const size = tokens.length;
  return tokens.flatMap((_, query) =>
    tokens.slice(0, causal ? query + 1 : size).map((_token, key) => {
      const weight = weights[query * size + key];
      const label = `${tokens[query]} → ${tokens[key]}: ${formatNumber(weight)}`;
      return { query, key, weight, label };
    }),
  );
}
