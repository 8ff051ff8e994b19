/** Attention patterns as small multiples. */
import { type AttentionBlock, formatNumber, visibleToken } from "@mlxterp/results";
import { colourOf } from "../design/colour-of.js";
import { type Look, svgFonts } from "../design/look.js";
import { frame, type Picture } from "../frame.js";
import { escapeMarkup, shorten } from "../text.js";
import { characterWidth } from "./grid-layout.js";

type HeadPattern = AttentionBlock["patterns"][number];

const scale = { kind: "sequential", domain: [0, 1] } as const;
const caption = 20;
/** More patterns than these are shown small, a row for each layer where that fits, and without their tokens. */
const readable = 12;
/** More cells than these in a row of a panel nobody tells apart; each is then the largest of several. */
const most = { large: 160, small: 48 } as const;

/** The size of one panel. */
interface Panel {
  readonly small: boolean;
  /** Visible. */
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
  const panel = patterns.length > readable ? smallPanel(block, look) : largePanel(block, look);
  const fitting = Math.max(1, Math.floor(look.width / panel.width));
  const perRow = Math.min(fitting, panel.small ? headsOfLayer(block) : patterns.length);
  const placed = patterns.map((pattern, index) => {
    const x = (index % perRow) * panel.width;
    const y = Math.floor(index / perRow) * panel.height;
    return `<g transform="translate(${x} ${y})">${drawPanel(pattern, panel, block.causal, look)}</g>`;
  });
  const width = perRow * panel.width;
  const height = Math.ceil(patterns.length / perRow) * panel.height;
  const drawing = { markup: placed.join(""), width, height };
  const title = "Attention patterns";
  const subtitle = "Each row is a token that looks (query), each column one that it looks at (key)";
  return frame(drawing, { title, subtitle, legend: { label: "attention weight", scale } }, look);
}

function headsOfLayer({ patterns }: AttentionBlock): number {
  return patterns.filter(({ layer }) => layer === patterns[0].layer).length;
}

function smallPanel(block: AttentionBlock, look: Look): Panel {
  const side = Math.max(56, Math.min(104, Math.floor(look.width / headsOfLayer(block)) - 12));
  const tokens = block.pieces.map(visibleToken);
  return { small: true, tokens, left: 12, side, width: side + 12, height: caption + side + 10 };
}

function largePanel({ pieces, patterns }: AttentionBlock, look: Look): Panel {
  const tokens = pieces.map((piece) => shorten(visibleToken(piece), 10));
  const longest = tokens.reduce((length, token) => Math.max(length, [...token].length), 0);
  const left = Math.ceil(characterWidth * longest + 10);
  const wanted = tokens.length * (patterns.length === 1 ? 26 : 15);
  const side = Math.min(Math.max(wanted, 90), look.width - left - 12);
  const height = caption + side + left + 4;
  return { small: false, tokens, left, side, width: left + side + 12, height };
}

function drawPanel(pattern: HeadPattern, panel: Panel, causal: boolean, look: Look): string {
  const { left, side, small } = panel;
  const name = small ? `${pattern.layer}.${pattern.head}` : `layer ${pattern.layer}, head ${pattern.head}`; // biome-ignore format: one choice
  const title = `<text x="${left}" y="13" font-size="${small ? 10.5 : 12}" font-weight="600">${name}</text>`;
  const ground = `<rect x="${left}" y="${caption}" width="${side}" height="${side}" fill="${colourOf(scale, look.theme)(0)}"/>`;
  const cells = cellsOf(pattern, panel, causal, look);
  return title + ground + cells + (small ? "" : tokenLabels(panel, look));
}

/** Where no query sees a later key, those are left out. */
function cellsOf({ weights }: HeadPattern, panel: Panel, causal: boolean, look: Look): string {
  const { left, side, tokens, small } = panel;
  const size = tokens.length;
  const shown = Math.min(size, small ? most.small : most.large);
  const colour = colourOf(scale, look.theme);
  const cell = side / shown;
  const start = (index: number) => Math.floor((index * size) / shown);
  let markup = "";
  for (let row = 0; row < shown; row++) {
    for (let column = 0; column < (causal ? row + 1 : shown); column++) {
      const found = largest(
        weights,
        size,
        [start(row), start(row + 1)],
        [start(column), start(column + 1)],
      );
      if (small && found.weight < 0.004) continue; // as the ground
      const place = `x="${fixed(left + column * cell)}" y="${fixed(caption + row * cell)}" width="${fixed(cell * 0.98)}" height="${fixed(cell * 0.98)}" fill="${colour(found.weight)}"`;
      const label = `${tokens[found.query]} → ${tokens[found.key]}: ${formatNumber(found.weight)}`;
      markup += small ? `<rect ${place}/>` : `<rect ${place}><title>${escapeMarkup(label)}</title></rect>`; // biome-ignore format: one choice
    }
  }
  return markup;
}

type Range = readonly [from: number, to: number];

function largest(weights: Float32Array, size: number, queries: Range, keys: Range) {
  let found = { query: queries[0], key: keys[0], weight: weights[queries[0] * size + keys[0]] };
  for (let query = queries[0]; query < queries[1]; query++) {
    for (let key = keys[0]; key < keys[1]; key++) {
      const weight = weights[query * size + key];
      if (weight > found.weight) found = { query, key, weight };
    }
  }
  return found;
}

function tokenLabels({ left, side, tokens }: Panel, { theme }: Look): string {
  const cell = side / tokens.length;
  const every = Math.max(1, Math.ceil(11 / cell));
  const style = `font-size="10.5" font-family="${svgFonts.token}" text-anchor="end" fill="${theme.quiet}"`;
  const labels = tokens.map((token, index) => {
    if (index % every !== 0) return "";
    const middle = (index + 0.5) * cell + 3.5;
    const text = escapeMarkup(token);
    const row = `<text x="${left - 6}" y="${fixed(caption + middle)}" ${style}>${text}</text>`;
    return `${row}<text transform="translate(${fixed(left + middle)} ${caption + side + 6}) rotate(-90)" ${style}>${text}</text>`;
  });
  return labels.join("");
}

function fixed(value: number): number {
  return Math.round(value * 100) / 100;
}
