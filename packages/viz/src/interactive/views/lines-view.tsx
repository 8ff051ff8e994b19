/** Curves over shared places, with bands where there are intervals. */
import { formatNumber, type LinesBlock } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { axisOf } from "../parts/axis.js";
import { Figure } from "../parts/figure.js";
import { Axes, margin, Plot, type PlotRoom } from "../parts/plot.js";
import type { ViewProps } from "../parts/selection.js";
import { useTheme } from "../parts/use-theme.js";

const height = 280;
/** So that lines differ without their colours, too. */
const dashes = ["", "6 3", "2 3", "8 3 2 3"];

export function LinesView({ block, onSelect }: ViewProps<LinesBlock>) {
  const { x, lines, title, subtitle, xTitle, yTitle } = block;
  const { hues, line: rule, card } = useTheme();
  const [focus, setFocus] = useState<number>();
  const named = x.some((place) => typeof place === "string");
  const xs = x.map((place, index) => (named ? index : Number(place)));
  const across = ({ width }: PlotRoom) => axisOf(xs, margin.left + 8, width - margin.right - 8);
  const place = (room: PlotRoom) => {
    const axis = across(room);
    if (!named) return axis.at;
    const step = (room.width - margin.left - margin.right - 24) / Math.max(1, x.length - 1);
    return (index: number) => margin.left + 12 + index * step;
  };
  const down = axisOf(
    lines.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]),
    height - margin.bottom,
    margin.top,
  );
  const linesOf = (item: number) => [
    `${xTitle} ${x[item]}`,
    ...lines.flatMap(({ label, values, low, high }) => {
      const value = values[item];
      if (value === null || value === undefined) return [];
      const interval = low && high ? ` (${formatNumber(low[item] ?? Number.NaN)} to ${formatNumber(high[item] ?? Number.NaN)})` : ""; // biome-ignore format: one text
      return [`${label}  ${formatNumber(value)}${interval}`];
    }),
  ];
  return (
    <Figure
      kind="lines"
      title={title}
      subtitle={subtitle}
      legend={
        <div class="mi-keys">
          {lines.map(({ label }, index) => (
            <span key={label}>
              <svg width="22" height="8" aria-hidden="true">
                <line
                  x1="0"
                  x2="22"
                  y1="4"
                  y2="4"
                  stroke={hues[index % hues.length]}
                  stroke-width="2.5"
                  stroke-dasharray={dashes[Math.floor(index / hues.length) % dashes.length]}
                />
              </svg>
              <bdi>{label}</bdi>
            </span>
          ))}
        </div>
      }
      reading={focus === undefined ? "" : linesOf(focus).join("; ")}
    >
      <Plot
        label={title}
        height={height}
        items={x.length}
        itemAt={(at, _, room) => nearest(xs.map((one) => Math.abs(place(room)(one) - at)))}
        placeOf={(item, room) => ({ x: place(room)(xs[item]), y: margin.top })}
        linesOf={linesOf}
        onFocus={setFocus}
        onChoose={(item) => onSelect?.({ block, cell: { x: x[item] } })}
      >
        {(room, item) => {
          const at = place(room);
          const ticks = named ? xs.map((one, index) => ({ at: at(one), text: `${x[index]}` })) : across(room).ticks.map((tick) => ({ at: at(tick), text: formatNumber(tick) })); // biome-ignore format: one choice
          return (
            <>
              <Axes room={room} xTitle={xTitle} yTitle={yTitle} x={ticks} y={down} />
              {item !== undefined && (
                <line
                  x1={at(xs[item])}
                  x2={at(xs[item])}
                  y1={margin.top}
                  y2={height - margin.bottom}
                  stroke={rule}
                  stroke-width="2"
                />
              )}
              {lines.map(({ label, values, low, high }, row) => {
                const colour = hues[row % hues.length];
                return (
                  <g key={label} stroke={colour} fill="none">
                    {low && high && (
                      <path
                        d={band(xs.map(at), low, high, down.at)}
                        fill={colour}
                        fill-opacity="0.15"
                        stroke="none"
                      />
                    )}
                    <path
                      d={path(xs.map(at), values, down.at)}
                      stroke-width="2"
                      stroke-dasharray={dashes[Math.floor(row / hues.length) % dashes.length]}
                    />
                    {values.length <= 60 &&
                      values.map((value, index) =>
                        value === null ? null : (
                          <circle
                            key={xs[index]}
                            cx={at(xs[index])}
                            cy={down.at(value)}
                            r={index === item ? 4.5 : 2.5}
                            fill={colour}
                            stroke={card}
                          />
                        ),
                      )}
                  </g>
                );
              })}
            </>
          );
        }}
      </Plot>
    </Figure>
  );
}

function nearest(distances: readonly number[]): number | undefined {
  const best = distances.indexOf(Math.min(...distances));
  return best < 0 ? undefined : best;
}

/** A gap where a value is missing. */
function path(
  xs: readonly number[],
  values: readonly (number | null)[],
  y: (value: number) => number,
): string {
  let pen = "M";
  return values
    .map((value, index) => {
      if (value === null || !Number.isFinite(value)) {
        pen = "M";
        return "";
      }
      const part = `${pen}${xs[index].toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return part;
    })
    .join("");
}

function band(
  xs: readonly number[],
  low: readonly (number | null)[],
  high: readonly (number | null)[],
  y: (value: number) => number,
): string {
  const known = xs.flatMap((x, index) => {
    const [from, to] = [low[index], high[index]];
    return from === null || to === null ? [] : [{ x, from, to }];
  });
  if (known.length < 2) return "";
  const point = (x: number, value: number) => `${x.toFixed(1)} ${y(value).toFixed(1)}`;
  const forth = known.map(({ x, to }) => point(x, to));
  const back = known.toReversed().map(({ x, from }) => point(x, from));
  return `M${[...forth, ...back].join("L")}Z`;
}
