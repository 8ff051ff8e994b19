/** Nodes in columns with edges between them, as circuits are drawn. */
import { formatNumber, type GraphBlock } from "@mlxterp/results";
import type { Look } from "../design/look.js";
import { frame, type Picture } from "../frame.js";
import { layeredPlaces, type Place } from "../layout/layered.js";
import { escapeMarkup, shorten } from "../text.js";

const box = { width: 132, height: 24 } as const;
const row = 34;
const edge = 20;
/** Between the columns, at least. */
const gap = 34;

/** Draws a graph from left to right; an edge is as wide as its weight is large, blue for more and orange for less. */
export function drawGraph({ nodes, edges, title, subtitle }: GraphBlock, look: Look): Picture {
  const columns = new Set(nodes.map(({ rank }) => rank)).size;
  const fitting = (look.width - 2 * edge - box.width) / Math.max(1, columns - 1);
  const column = Math.max(box.width + gap, Math.min(190, fitting));
  const places = layeredPlaces(nodes, edges, { column, row });
  const largest = edges.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 1e-12);
  const names = new Map(nodes.map(({ id, label }) => [id, label]));
  const lines = edges.flatMap((one) => {
    const [start, end] = [places.get(one.from), places.get(one.to)];
    if (!start || !end) return [];
    const label = `${names.get(one.from)} → ${names.get(one.to)}: ${formatNumber(one.weight)}`;
    return [edgeMarkup(start, end, one.weight / largest, label, look)];
  });
  const boxes = nodes.map(({ id, label }) => nodeMarkup(places.get(id)!, label, look));
  const markup = `<g transform="translate(${edge + box.width / 2} ${edge})">${lines.join("")}${boxes.join("")}</g>`;
  const bottom = [...places.values()].reduce((most, { y }) => Math.max(most, y), 0);
  const size = { width: 2 * edge + Math.max(0, columns - 1) * column + box.width, height: bottom + 2 * edge }; // biome-ignore format: one object
  return frame({ markup, ...size }, { title, subtitle }, look);
}

/** @param share of the largest weight, with its sign */
function edgeMarkup(start: Place, end: Place, share: number, label: string, { theme }: Look) {
  const [x1, x2] = [start.x + box.width / 2, end.x - box.width / 2];
  const bend = Math.max(16, Math.abs(x2 - x1) / 2);
  const width = (0.5 + 4 * Math.abs(share)).toFixed(1);
  const colour = share < 0 ? theme.counter : theme.accent;
  const curve = `M${fixed(x1)} ${fixed(start.y)}C${fixed(x1 + bend)} ${fixed(start.y)} ${fixed(x2 - bend)} ${fixed(end.y)} ${fixed(x2)} ${fixed(end.y)}`;
  return `<path d="${curve}" fill="none" stroke="${colour}" stroke-opacity="0.6" stroke-width="${width}"><title>${escapeMarkup(label)}</title></path>`;
}

function nodeMarkup({ x, y }: Place, label: string, { theme }: Look): string {
  const [left, top] = [fixed(x - box.width / 2), fixed(y - box.height / 2)];
  const text = escapeMarkup(shorten(label, 19));
  return `<rect x="${left}" y="${top}" width="${box.width}" height="${box.height}" rx="6" fill="${theme.card}" stroke="${theme.line}"><title>${escapeMarkup(label)}</title></rect><text x="${fixed(x)}" y="${fixed(y + 4)}" font-size="11" text-anchor="middle">${text}</text>`;
}

function fixed(value: number): number {
  return Math.round(value * 10) / 10;
}
