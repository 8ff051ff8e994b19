/** Numbers as bars, with their intervals. */
import { type BarsBlock, formatNumber } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { axisOf } from "../parts/axis.js";
import { Figure } from "../parts/figure.js";
import { Plot, type PlotRoom } from "../parts/plot.js";
import type { ViewProps } from "../parts/selection.js";
import { useTheme } from "../parts/use-theme.js";

const row = 24;
const top = 6;
const perCharacter = 6.9;

export function BarsView({ block, onSelect }: ViewProps<BarsBlock>) {
  const { bars, title, subtitle, axis } = block;
  const theme = useTheme();
  const [focus, setFocus] = useState<number>();
  const height = top + bars.length * row + 40;
  const left = 18 + perCharacter * bars.reduce((most, { label }) => Math.max(most, Math.min(32, [...label].length)), 0); // biome-ignore format: one number
  const ends = bars.flatMap(({ value, low, high }) => [value, low, high]);
  const across = ({ width }: PlotRoom) =>
    axisOf(ends, left + 44, Math.max(left + 60, width - 64), true);
  const read = (item: number) => {
    const { label, value, low, high } = bars[item];
    const interval = low !== undefined && high !== undefined ? ` (${formatNumber(low)} to ${formatNumber(high)})` : ""; // biome-ignore format: one text
    return `${label}: ${formatNumber(value)}${interval}`;
  };
  return (
    <Figure
      kind="bars"
      title={title}
      subtitle={subtitle}
      reading={focus === undefined ? "" : read(focus)}
    >
      <Plot
        label={title}
        height={height}
        items={bars.length}
        itemAt={(_, y) => {
          const item = Math.floor((y - top) / row);
          return item >= 0 && item < bars.length ? item : undefined;
        }}
        placeOf={(item, room) => ({ x: across(room).at(bars[item].value), y: top + item * row })}
        linesOf={(item) => [read(item)]}
        onFocus={setFocus}
        onChoose={(item) =>
          onSelect?.({
            block,
            cell: { bar: item },
            value: bars[item].value,
            token: bars[item].label,
          })
        }
      >
        {(room, item) => {
          const { at, ticks } = across(room);
          return (
            <g font-size="12">
              {ticks.map((tick) => (
                <g key={tick} fill={theme.quiet} font-size="11">
                  <line
                    x1={at(tick)}
                    x2={at(tick)}
                    y1={top}
                    y2={height - 36}
                    stroke={tick === 0 ? theme.quiet : theme.line}
                  />
                  <text x={at(tick)} y={height - 20} text-anchor="middle">
                    {formatNumber(tick)}
                  </text>
                </g>
              ))}
              <text x={at(0)} y={height - 4} text-anchor="middle" fill={theme.quiet} font-size="11">
                {axis}
              </text>
              {bars.map(({ label, value, low, high }, index) => {
                const y = top + index * row;
                const side = value < 0 ? -1 : 1;
                const end =
                  side < 0
                    ? Math.min(at(value), at(low ?? value))
                    : Math.max(at(value), at(high ?? value));
                return (
                  <g key={`${index}${label}`}>
                    <text
                      x={left}
                      y={y + 16}
                      text-anchor="end"
                      fill={index === item ? theme.ink : theme.quiet}
                    >
                      {[...label].length > 32 ? `${[...label].slice(0, 31).join("")}…` : label}
                    </text>
                    <rect
                      x={Math.min(at(0), at(value))}
                      y={y + 4}
                      width={Math.max(0.5, Math.abs(at(value) - at(0)))}
                      height={row - 8}
                      rx="2"
                      fill={value < 0 ? theme.counter : theme.accent}
                      fill-opacity={item === undefined || index === item ? 1 : 0.55}
                    />
                    {low !== undefined && high !== undefined && (
                      <path
                        d={`M${at(low)} ${y + 8}V${y + row - 8}M${at(low)} ${y + row / 2}H${at(high)}M${at(high)} ${y + 8}V${y + row - 8}`}
                        stroke={theme.ink}
                        stroke-width="1.5"
                      />
                    )}
                    <text
                      x={end + 6 * side}
                      y={y + 16}
                      text-anchor={side < 0 ? "end" : "start"}
                      fill={theme.ink}
                    >
                      {formatNumber(value)}
                    </text>
                  </g>
                );
              })}
            </g>
          );
        }}
      </Plot>
    </Figure>
  );
}
