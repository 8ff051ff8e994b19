/** The part of a heat map that is in sight, on a canvas: as much work for four thousand columns as for forty. */
import { formatCell, type GridBlock } from "@mlxterp/results";
import { colourOf, textOn } from "../../design/colour-of.js";
import { type Theme, typefaces } from "../../design/theme.js";
import { type CellPlace, type HeatLayout, rowAt, textOf } from "./heat-layout.js";

export interface HeatView {
  readonly block: GridBlock;
  readonly layout: HeatLayout;
  readonly theme: Theme;
  /** What is scrolled away, and the room there is. */
  readonly scroll: { readonly x: number; readonly y: number };
  readonly room: { readonly width: number; readonly height: number };
  readonly cursor?: CellPlace;
  /** Whether a cell belongs to what is followed. */
  readonly marked?: (row: number, column: number) => boolean;
}

export function paintHeatMap(context: CanvasRenderingContext2D, view: HeatView): void {
  const { block, layout, scroll, room, theme } = view;
  const first = Math.max(0, Math.floor(scroll.x / layout.cellWidth));
  const last = Math.min(block.columns.length - 1, Math.floor((scroll.x + room.width) / layout.cellWidth)); // biome-ignore format: one number
  const top = Math.max(0, Math.floor(scroll.y / layout.cellHeight));
  const bottom = Math.min(block.rows.length - 1, Math.floor((scroll.y + room.height) / layout.cellHeight)); // biome-ignore format: one number
  context.textBaseline = "middle";
  context.save();
  context.beginPath();
  context.rect(layout.left, layout.top, room.width - layout.left, room.height - layout.top);
  context.clip();
  for (let shown = top; shown <= bottom; shown++) paintRow(context, view, shown, first, last);
  paintCursor(context, view);
  context.restore();
  context.fillStyle = theme.quiet;
  context.font = `12px ${typefaces.text}`;
  paintRowLabels(context, view, top, bottom);
  context.font = `12px ${typefaces.token}`;
  paintColumnLabels(context, view, first, last);
}

function placeOf({ layout, scroll }: HeatView, shown: number, column: number) {
  const x = layout.left + column * layout.cellWidth - scroll.x;
  return { x, y: layout.top + shown * layout.cellHeight - scroll.y };
}

function paintRow(
  context: CanvasRenderingContext2D,
  view: HeatView,
  shown: number,
  first: number,
  last: number,
): void {
  const { block, layout, theme, marked } = view;
  const row = rowAt(block, shown);
  const colour = colourOf(block.scale, theme);
  const gap = layout.cellWidth > 8 ? 1.5 : 0;
  const written = layout.cellWidth >= 30 && layout.cellHeight >= 15;
  const room = Math.floor((layout.cellWidth - 8) / (block.cells ? 6.7 : 6.4));
  for (let column = first; column <= last; column++) {
    const value = block.values[row][column];
    if (value === null) continue;
    const { x, y } = placeOf(view, shown, column);
    const ground = colour(value);
    context.fillStyle = ground;
    context.fillRect(x, y, layout.cellWidth - gap, layout.cellHeight - (gap ? 1.5 : 0));
    if (marked?.(row, column)) paintMark(context, view, x, y);
    if (!written) continue;
    const text = block.cells ? textOf(block.cells[row][column]) : formatCell(value);
    context.fillStyle = ground === "transparent" ? theme.quiet : textOn(ground);
    context.font = `${block.cells ? 11.5 : 11}px ${typefaces.token}`;
    context.textAlign = "center";
    context.fillText(cut(text, room), x + layout.cellWidth / 2 - 1, y + layout.cellHeight / 2);
  }
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, Math.max(1, length - 1)).join("")}…`; // biome-ignore format: one choice
}

function paintMark(context: CanvasRenderingContext2D, view: HeatView, x: number, y: number): void {
  context.strokeStyle = view.theme.counter;
  context.lineWidth = 2;
  context.strokeRect(x + 1, y + 1, view.layout.cellWidth - 3.5, view.layout.cellHeight - 3.5);
}

function paintCursor(context: CanvasRenderingContext2D, view: HeatView): void {
  const { block, layout, cursor, theme } = view;
  if (!cursor) return;
  const { x, y } = placeOf(view, rowAt(block, cursor.row), cursor.column); // its own inverse
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  context.strokeRect(
    x,
    y,
    Math.max(3, layout.cellWidth - 1.5),
    Math.max(3, layout.cellHeight - 1.5),
  );
}

function paintRowLabels(
  context: CanvasRenderingContext2D,
  view: HeatView,
  top: number,
  bottom: number,
): void {
  const { block, layout, cursor, theme } = view;
  const every = Math.max(1, Math.ceil(14 / layout.cellHeight));
  context.textAlign = "right";
  for (let shown = top; shown <= bottom; shown++) {
    const row = rowAt(block, shown);
    const { y } = placeOf(view, shown, 0);
    const middle = y + layout.cellHeight / 2;
    if (middle < layout.top || (shown % every !== 0 && row !== cursor?.row)) continue;
    context.fillStyle = row === cursor?.row ? theme.ink : theme.quiet;
    context.fillText(cut(block.rows[row], 16), layout.left - 8, middle);
  }
}

function paintColumnLabels(
  context: CanvasRenderingContext2D,
  view: HeatView,
  first: number,
  last: number,
): void {
  const { block, layout, cursor, theme } = view;
  const every = Math.max(1, Math.ceil(15 / layout.cellWidth));
  for (let column = first; column <= last; column++) {
    const { x } = placeOf(view, 0, column);
    const middle = x + layout.cellWidth / 2;
    if (middle < layout.left || (column % every !== 0 && column !== cursor?.column)) continue;
    context.fillStyle = column === cursor?.column ? theme.ink : theme.quiet;
    context.save();
    context.translate(middle, layout.top - 8);
    if (layout.turned) context.rotate(-Math.PI / 4);
    context.textAlign = layout.turned ? "left" : "center";
    context.fillText(cut(block.columns[column], 16), 0, 0);
    context.restore();
  }
}
