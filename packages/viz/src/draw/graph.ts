/** Nodes in columns with edges between them, as circuits are drawn. */
import { formatNumber, type GraphBlock } from "@mlxterp/results";
import { frame } from "../frame.js";
import { escapeMarkup, shorten } from "../text.js";

const column = 150;
const row = 40;
const box = { width: 110, height: 26 } as const;
const edge = 20;

/** Draws a graph from left to right; an edge is as wide as its weight is large, blue for more and red for less. */
export function drawGraph({ nodes, edges, title, subtitle }: GraphBlock): string {
  const filled = new Map<number, number>();
  const places = new Map(
    nodes.map(({ id, rank }) => {
      const above = filled.get(rank) ?? 0;
      filled.set(rank, above + 1);
      return [id, { x: edge + rank * column, y: edge + above * row }] as const;
    }),
  );
  const largest = Math.max(...edges.map(({ weight }) => Math.abs(weight)), 1e-12);
  const lines = edges.flatMap(({ from, to, weight }) => {
    const [start, end] = [places.get(from), places.get(to)];
    if (!start || !end) return [];
    const [x1, y1] = [start.x + box.width, start.y + box.height / 2];
    const [x2, y2] = [end.x, end.y + box.height / 2];
    const bend = (x2 - x1) / 2;
    const width = (0.5 + (4 * Math.abs(weight)) / largest).toFixed(1);
    const label = escapeMarkup(`${from} → ${to}: ${formatNumber(weight)}`);
    return `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" fill="none" stroke="${weight < 0 ? "#b2182b" : "#2166ac"}" stroke-opacity="0.6" stroke-width="${width}"><title>${label}</title></path>`;
  });
  const boxes = nodes.map(({ id, label }) => {
    const { x, y } = places.get(id) ?? { x: 0, y: 0 };
    return `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="5" fill="#f2f2f2" stroke="#8c8c8c"/><text x="${x + box.width / 2}" y="${y + 17}" font-size="11" text-anchor="middle">${escapeMarkup(shorten(label, 16))}</text>`;
  });
  const width = 2 * edge + Math.max(0, ...nodes.map(({ rank }) => rank)) * column + box.width;
  const height = 2 * edge + Math.max(1, ...filled.values()) * row;
  return frame({ markup: [...lines, ...boxes].join(""), width, height }, { title, subtitle });
}
