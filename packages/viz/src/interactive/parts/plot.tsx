/** The frame of a picture with two axes, and a cursor over its items. */
import { formatNumber } from "@mlxterp/results";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Axis } from "./axis.js";
import { Tip } from "./tip.js";
import { useWidth } from "./use-canvas.js";
import { useTheme } from "./use-theme.js";

export const margin = { left: 62, right: 18, top: 10, bottom: 40 } as const;

export interface PlotRoom {
  readonly width: number;
  readonly height: number;
}

export interface PlotProps {
  readonly label: string;
  readonly height: number;
  readonly items: number;
  /** The item at a place, if any is near. */
  readonly itemAt: (x: number, y: number, room: PlotRoom) => number | undefined;
  /** Where its tip stands, and what is in it. */
  readonly placeOf: (item: number, room: PlotRoom) => { readonly x: number; readonly y: number };
  readonly linesOf: (item: number) => readonly string[];
  readonly onFocus: (item: number | undefined) => void;
  readonly onChoose: (item: number) => void;
  readonly children: (room: PlotRoom, focus: number | undefined) => ComponentChildren;
}

/** Arrow keys go from item to item, Enter chooses. */
export function Plot(props: PlotProps) {
  const { label, height, items, itemAt, placeOf, linesOf, onFocus, onChoose, children } = props;
  const stage = useRef<HTMLDivElement>(null);
  const width = useWidth(stage);
  const [focus, setFocus] = useState<number>();
  const room = { width, height };
  const point = (item: number | undefined) => {
    if (item === focus) return;
    setFocus(item);
    onFocus(item);
  };
  const onKey = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowDown: 1,
      ArrowLeft: -1,
      ArrowUp: -1,
    };
    if (Object.hasOwn(steps, event.key)) {
      event.preventDefault();
      const next = focus === undefined ? 0 : focus + steps[event.key];
      point(Math.max(0, Math.min(items - 1, next)));
    }
    if (event.key === "Escape") point(undefined);
    if ((event.key === "Enter" || event.key === " ") && focus !== undefined) {
      event.preventDefault();
      onChoose(focus);
    }
  };
  const at = (event: PointerEvent | MouseEvent) => {
    const box = stage.current?.getBoundingClientRect();
    return box && itemAt(event.clientX - box.left, event.clientY - box.top, room);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture that takes keys is no fieldset
    <div
      class="mi-stage"
      ref={stage}
      role="group"
      aria-roledescription="chart"
      aria-label={`${label}. Arrow keys move, Enter chooses.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: items are reached by keys
      tabIndex={0}
      style={{ minHeight: `${height}px` }}
      onKeyDown={onKey}
      onPointerMove={(event) => point(at(event))}
      onPointerLeave={() => point(undefined)}
      onClick={(event) => {
        const item = at(event);
        if (item !== undefined) onChoose(item);
      }}
    >
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          {children(room, focus)}
        </svg>
      )}
      {focus !== undefined && width > 0 && (
        <Tip {...placeOf(focus, room)} room={width} lines={linesOf(focus)} />
      )}
    </div>
  );
}

interface AxesProps {
  readonly room: PlotRoom;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly x: readonly { readonly at: number; readonly text: string }[];
  readonly y: Axis;
}

/** Pale lines across, numbers on the left, names below. */
export function Axes({ room, xTitle, yTitle, x, y }: AxesProps) {
  const { line, quiet } = useTheme();
  const [right, bottom] = [room.width - margin.right, room.height - margin.bottom];
  const fitting = Math.max(1, Math.ceil((x.length * 44) / Math.max(1, right - margin.left)));
  return (
    <g fill={quiet} font-size="11">
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line x1={margin.left} x2={right} y1={y.at(tick)} y2={y.at(tick)} stroke={line} />
          <text x={margin.left - 8} y={y.at(tick) + 4} text-anchor="end">
            {formatNumber(tick)}
          </text>
        </g>
      ))}
      {x.map(({ at, text }, index) =>
        index % fitting === 0 ? (
          <text key={`${at}${text}`} x={at} y={bottom + 16} text-anchor="middle">
            {text}
          </text>
        ) : null,
      )}
      <text x={(margin.left + right) / 2} y={room.height - 6} text-anchor="middle">
        {xTitle}
      </text>
      <text
        transform={`translate(13 ${(margin.top + bottom) / 2}) rotate(-90)`}
        text-anchor="middle"
      >
        {yTitle}
      </text>
    </g>
  );
}
