/** Points with names. */
import { formatNumber, type ScatterBlock } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { axisOf } from "../parts/axis.js";
import { Figure } from "../parts/figure.js";
import { Axes, margin, Plot, type PlotRoom } from "../parts/plot.js";
import type { ViewProps } from "../parts/selection.js";
import { useTheme } from "../parts/use-theme.js";

const height = 320;
/** As far as a point is from the pointer when it is meant. */
const reach = 24;
/** More names than these hide each other. */
const named = 40;

const perCharacter = 6.5;
const lineHeight = 11;

const nameOf = (label: string) => [...label].slice(0, 20).join("");

/** Which names stand free of those before them; the others are read when they are pointed at. */
function apart(names: readonly { x: number; y: number; width: number }[]): boolean[] {
  const free: (typeof names)[number][] = [];
  return names.map((one) => {
    const hidden = free.some(({ x, y, width }) => Math.abs(x - one.x) < (width + one.width) / 2 && Math.abs(y - one.y) < lineHeight); // biome-ignore format: one condition
    if (!hidden) free.push(one);
    return !hidden;
  });
}

export function ScatterView({ block, onSelect }: ViewProps<ScatterBlock>) {
  const { points, title, subtitle, xTitle, yTitle } = block;
  const { accent, counter, ink } = useTheme();
  const [focus, setFocus] = useState<number>();
  const across = ({ width }: PlotRoom) =>
    axisOf(
      points.map(({ x }) => x),
      margin.left + 8,
      width - margin.right - 8,
    );
  const down = axisOf(
    points.map(({ y }) => y),
    height - margin.bottom,
    margin.top,
  );
  const read = (item: number) => {
    const { label, x, y } = points[item];
    return `${label}: ${xTitle} ${formatNumber(x)}, ${yTitle} ${formatNumber(y)}`;
  };
  return (
    <Figure
      kind="scatter"
      title={title}
      subtitle={subtitle}
      reading={focus === undefined ? "" : read(focus)}
    >
      <Plot
        label={title}
        height={height}
        items={points.length}
        itemAt={(x, y, room) => {
          const { at } = across(room);
          let best = { item: undefined as number | undefined, far: reach };
          points.forEach((point, item) => {
            const far = Math.hypot(at(point.x) - x, down.at(point.y) - y);
            if (far < best.far) best = { item, far };
          });
          return best.item;
        }}
        placeOf={(item, room) => ({
          x: across(room).at(points[item].x),
          y: down.at(points[item].y),
        })}
        linesOf={(item) => [read(item)]}
        onFocus={setFocus}
        onChoose={(item) =>
          onSelect?.({
            block,
            cell: { point: item },
            value: points[item].y,
            token: points[item].label,
          })
        }
      >
        {(room, item) => {
          const { at, ticks } = across(room);
          const shown = apart(
            (points.length <= named ? points : []).map(({ x, y, label }) => {
              return { x: at(x), y: down.at(y) - 8, width: perCharacter * nameOf(label).length };
            }),
          );
          return (
            <>
              <Axes
                room={room}
                xTitle={xTitle}
                yTitle={yTitle}
                x={ticks.map((tick) => ({ at: at(tick), text: formatNumber(tick) }))}
                y={down}
              />
              {points.map(({ x, y, label }, index) => (
                <g key={`${index}${label}`}>
                  <circle
                    cx={at(x)}
                    cy={down.at(y)}
                    r={index === item ? 6 : 3.5}
                    fill={index === item ? counter : accent}
                    fill-opacity="0.85"
                  />
                  {shown[index] && (
                    <text
                      x={at(x)}
                      y={down.at(y) - 8}
                      font-size="11"
                      text-anchor="middle"
                      fill={ink}
                    >
                      {nameOf(label)}
                    </text>
                  )}
                </g>
              ))}
            </>
          );
        }}
      </Plot>
    </Figure>
  );
}
