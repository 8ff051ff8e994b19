/** A graph on a canvas. */
import type { GraphBlock } from "@mlxterp/results";
import { type Theme, typefaces } from "../../design/theme.js";
import type { Place } from "../../layout/layered.js";

export interface Viewpoint extends Place {
  readonly zoom: number;
}

export interface LaidGraph extends Pick<GraphBlock, "nodes" | "edges"> {
  readonly places: ReadonlyMap<string, Place>;
}

export interface GraphScene {
  readonly graph: LaidGraph;
  readonly view: Viewpoint;
  readonly theme: Theme;
  /** The node whose edges stand out. */
  readonly centre: string | undefined;
  readonly chosen: readonly string[];
  readonly pins: ReadonlyMap<string, Place>;
  readonly room: { readonly width: number; readonly height: number };
}

export const spacing = { column: 190, row: 34 } as const;
const box = { width: 150, height: 24 } as const;

/** The node whose box a place is in. */
export function nodeAt({ nodes, places }: LaidGraph, { x, y }: Place): string | undefined {
  return nodes.find(({ id }) => {
    const at = places.get(id);
    return at && Math.abs(at.x - x) <= box.width / 2 && Math.abs(at.y - y) <= box.height / 2;
  })?.id;
}

export function paintGraph(context: CanvasRenderingContext2D, scene: GraphScene): void {
  const { graph, view, centre } = scene;
  context.save();
  context.translate(view.x, view.y);
  context.scale(view.zoom, view.zoom);
  const largest = graph.edges.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 1e-12);
  const isNear = ({ from, to }: { from: string; to: string }) => from === centre || to === centre;
  for (const edge of graph.edges) if (!isNear(edge)) paintEdge(context, scene, edge, largest, centre === undefined ? 0.5 : 0.12); // biome-ignore format: one loop
  for (const edge of graph.edges) if (isNear(edge)) paintEdge(context, scene, edge, largest, 0.95);
  for (const node of graph.nodes) paintNode(context, scene, node);
  context.restore();
}

function paintEdge(
  context: CanvasRenderingContext2D,
  { graph, theme }: GraphScene,
  { from, to, weight }: GraphBlock["edges"][number],
  largest: number,
  strength: number,
): void {
  const [start, end] = [graph.places.get(from), graph.places.get(to)];
  if (!start || !end) return;
  const [x1, x2] = [start.x + box.width / 2, end.x - box.width / 2];
  const bend = Math.max(20, Math.abs(x2 - x1) / 2);
  context.globalAlpha = strength;
  context.strokeStyle = weight < 0 ? theme.counter : theme.accent;
  context.lineWidth = 0.5 + (4 * Math.abs(weight)) / largest;
  context.beginPath();
  context.moveTo(x1, start.y);
  context.bezierCurveTo(x1 + bend, start.y, x2 - bend, end.y, x2, end.y);
  context.stroke();
  context.globalAlpha = 1;
}

function paintNode(
  context: CanvasRenderingContext2D,
  { graph, view, theme, centre, chosen, pins, room }: GraphScene,
  { id, label }: GraphBlock["nodes"][number],
): void {
  const at = graph.places.get(id);
  if (!at) return;
  const [x, y] = [view.x + at.x * view.zoom, view.y + at.y * view.zoom];
  if (x < -200 || y < -50 || x > room.width + 200 || y > room.height + 50) return;
  const marked = id === centre || chosen.includes(id);
  context.fillStyle = theme.card;
  context.strokeStyle = marked ? theme.accent : pins.has(id) ? theme.counter : theme.line;
  context.lineWidth = marked ? 2.5 : 1;
  context.beginPath();
  context.roundRect(at.x - box.width / 2, at.y - box.height / 2, box.width, box.height, 6);
  context.fill();
  context.stroke();
  if (view.zoom < 0.35) return; // too small to be read
  context.fillStyle = theme.ink;
  context.font = `11.5px ${typefaces.text}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const characters = [...label];
  const shown = characters.length > 23 ? `${characters.slice(0, 22).join("")}…` : label;
  context.fillText(shown, at.x, at.y + 0.5);
}
