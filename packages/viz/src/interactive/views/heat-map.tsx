/** A grid of coloured cells of any size: point, move by keys, scroll, zoom. */
import { formatNumber, type GridBlock } from "@mlxterp/results";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Figure, Legend } from "../parts/figure.js";
import { type CellPlace, cellAt, heatLayout, rowAt, textOf } from "../parts/heat-layout.js";
import { moveBy } from "../parts/move-by.js";
import { paintHeatMap } from "../parts/paint-heat-map.js";
import type { Selection, ViewProps } from "../parts/selection.js";
import { Tip } from "../parts/tip.js";
import { contextOf, usePaint, useWidth } from "../parts/use-canvas.js";
import { useTheme } from "../parts/use-theme.js";

export interface HeatMapProps extends ViewProps<GridBlock> {
  /** Told which cell is pointed at. */
  readonly onPoint?: (cell: CellPlace | undefined) => void;
  /** Told which cell is chosen. */
  readonly onChoose?: (cell: CellPlace) => void;
  readonly marked?: (row: number, column: number) => boolean;
  /** Above the picture. */
  readonly children?: ComponentChildren;
}

/** From this many columns on there is a zoom. */
const many = 40;
const tallest = 640;

export function HeatMap({ block, onSelect, onPoint, onChoose, marked, children }: HeatMapProps) {
  const theme = useTheme();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const room = useWidth(scroller);
  const [zoom, setZoom] = useState(1);
  const [scroll, setScroll] = useState({ x: 0, y: 0 });
  const [cursor, setCursor] = useState<CellPlace>();
  const [tipped, setTipped] = useState(false);
  const layout = heatLayout(block, room, zoom);
  const height = Math.min(tallest, layout.height);

  usePaint(() => {
    if (!canvas.current || room === 0) return;
    const context = contextOf(canvas.current, room, height);
    const view = { block, layout, theme, scroll, room: { width: room, height }, cursor, marked };
    if (context) paintHeatMap(context, view);
  });

  const point = (cell: CellPlace | undefined, tip: boolean) => {
    if (cell?.row === cursor?.row && cell?.column === cursor?.column && tip === tipped) return;
    setCursor(cell);
    setTipped(tip && cell !== undefined);
    onPoint?.(cell);
  };
  const choose = (cell: CellPlace) => {
    onChoose?.(cell);
    onSelect?.(selectionOf(block, cell));
  };
  const atPointer = (event: PointerEvent | MouseEvent) => {
    const box = scroller.current?.getBoundingClientRect();
    if (!box) return undefined;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (x < layout.left || y < layout.top) return undefined;
    return cellAt(block, layout, x + scroll.x, y + scroll.y);
  };
  const bring = ({ row, column }: CellPlace) => {
    const box = scroller.current;
    if (!box) return;
    const [x, y] = [column * layout.cellWidth, rowAt(block, row) * layout.cellHeight];
    const [across, down] = [room - layout.left, height - layout.top];
    if (x < scroll.x || x + layout.cellWidth > scroll.x + across) box.scrollLeft = x - across / 2;
    if (y < scroll.y || y + layout.cellHeight > scroll.y + down) box.scrollTop = y - down / 2;
  };
  const onKey = (event: KeyboardEvent) => {
    const size = { rows: block.rows.length, columns: block.columns.length };
    const start = cursor ?? { row: rowAt(block, 0), column: 0 };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(start);
      return point(start, true);
    }
    if (event.key === "Escape") return point(undefined, false);
    const shown = { row: rowAt(block, start.row), column: start.column };
    const moved = cursor ? moveBy(event.key, shown, size) : moveBy(event.key, shown, size) && shown;
    if (!moved) return;
    event.preventDefault();
    const next = { row: rowAt(block, moved.row), column: moved.column };
    point(next, true);
    bring(next);
  };
  const tip = cursor &&
    tipped && {
      x: layout.left + (cursor.column + 0.5) * layout.cellWidth - scroll.x,
      y: layout.top + (rowAt(block, cursor.row) + 0.5) * layout.cellHeight - scroll.y,
    };
  return (
    <Figure
      kind="heat-map"
      title={block.title}
      subtitle={block.subtitle}
      legend={<Legend scale={block.scale} label={block.legend} />}
      reading={cursor ? readingOf(block, cursor) : `${block.rowTitle} × ${block.columnTitle}`}
    >
      {children}
      {block.columns.length > many && <Zoom zoom={zoom} onZoom={setZoom} />}
      <div class="mi-stage">
        {/* biome-ignore lint/a11y/useSemanticElements: a picture that takes keys is no fieldset */}
        <div
          class="mi-scroller"
          ref={scroller}
          style={{ maxHeight: `${tallest}px` }}
          role="group"
          aria-roledescription="heat map"
          aria-label={`${block.title}: ${block.rows.length} rows, ${block.columns.length} columns. Arrow keys move, Enter chooses.`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: cells are reached by keys
          tabIndex={0}
          onKeyDown={onKey}
          onScroll={(event) => {
            const { scrollLeft, scrollTop } = event.currentTarget;
            setScroll({ x: scrollLeft, y: scrollTop });
          }}
          onPointerMove={(event) => point(atPointer(event), true)}
          onPointerLeave={() => point(undefined, false)}
          onClick={(event) => {
            const cell = atPointer(event);
            if (cell) choose(cell);
          }}
        >
          <div style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
            <canvas ref={canvas} class="mi-sticky" />
          </div>
        </div>
        {tip && cursor && <Tip {...tipOf(block, cursor)} {...tip} room={room} />}
      </div>
    </Figure>
  );
}

function Zoom({
  zoom,
  onZoom,
}: {
  readonly zoom: number;
  readonly onZoom: (zoom: number) => void;
}) {
  return (
    <label class="mi-control">
      zoom
      <input
        type="range"
        min="0.03"
        max="1"
        step="0.01"
        value={zoom}
        onInput={(event) => onZoom(Number(event.currentTarget.value))}
      />
    </label>
  );
}

function selectionOf(block: GridBlock, { row, column }: CellPlace): Selection {
  const { rowPlaces, columnPlaces, values, cells } = block;
  const value = values[row][column];
  const token = block.alternatives?.[row][column]?.[0]?.text;
  return {
    block,
    cell: {
      [rowPlaces?.axis ?? "row"]: rowPlaces ? rowPlaces.at[row] : row,
      [columnPlaces?.axis ?? "column"]: columnPlaces ? columnPlaces.at[column] : column,
    },
    ...(value !== null && { value }),
    ...(cells && { token: token ?? textOf(cells[row][column]) }),
  };
}

function readingOf(block: GridBlock, { row, column }: CellPlace): string {
  const value = block.values[row][column];
  const cell = block.cells ? ` ${textOf(block.cells[row][column])},` : "";
  const number = value === null ? "nothing" : `${block.legend} ${formatNumber(value)}`;
  return `${block.rows[row]}, ${block.columns[column]}:${cell} ${number}`;
}

function tipOf(block: GridBlock, { row, column }: CellPlace) {
  const place = `${block.rows[row]}, ${block.columns[column]}`;
  const bars = block.alternatives?.[row][column];
  const detail = block.details?.[row][column];
  // what the bars show need not be read twice
  const lines = detail
    ?.split("\n")
    .filter((line) => line !== place && (!bars || !/ {2}.*%/.test(line)));
  const value = block.values[row][column];
  const plain = bars || value === null ? [] : [`${block.legend}  ${formatNumber(value)}`];
  return { lines: [place, ...(lines ?? plain)], bars };
}
