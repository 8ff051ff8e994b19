/** How often values fall between edges. */
import { formatNumber, type HistogramBlock } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { axisOf } from "../parts/axis.js";
import { Figure } from "../parts/figure.js";
import { Axes, margin, Plot, type PlotRoom } from "../parts/plot.js";
import type { ViewProps } from "../parts/selection.js";
import { useTheme } from "../parts/use-theme.js";

const height = 240;

export function HistogramView({ block, onSelect }: ViewProps<HistogramBlock>) {
  const { edges, counts, axis, title, subtitle } = block;
  const { accent, counter } = useTheme();
  const [focus, setFocus] = useState<number>();
  const across = ({ width }: PlotRoom) => axisOf(edges, margin.left, width - margin.right);
  const down = axisOf(counts, height - margin.bottom, margin.top, true);
  const read = (bin: number) =>
    `${formatNumber(edges[bin])} to ${formatNumber(edges[bin + 1])}: ${counts[bin]}`;
  return (
    <Figure
      kind="histogram"
      title={title}
      subtitle={subtitle}
      reading={focus === undefined ? "" : read(focus)}
    >
      <Plot
        label={title}
        height={height}
        items={counts.length}
        itemAt={(x, _, room) => {
          const { at } = across(room);
          const bin = counts.findIndex(
            (_count, index) => x >= at(edges[index]) && x < at(edges[index + 1]),
          );
          return bin < 0 ? undefined : bin;
        }}
        placeOf={(bin, room) => ({ x: across(room).at(edges[bin + 1]), y: down.at(counts[bin]) })}
        linesOf={(bin) => [read(bin)]}
        onFocus={setFocus}
        onChoose={(bin) => onSelect?.({ block, cell: { bin }, value: counts[bin] })}
      >
        {(room, item) => {
          const { at, ticks } = across(room);
          return (
            <>
              <Axes
                room={room}
                xTitle={axis}
                yTitle="count"
                x={ticks.map((tick) => ({ at: at(tick), text: formatNumber(tick) }))}
                y={down}
              />
              {counts.map((count, bin) => (
                <rect
                  key={edges[bin]}
                  x={at(edges[bin]) + 0.5}
                  width={Math.max(0.5, at(edges[bin + 1]) - at(edges[bin]) - 1)}
                  y={down.at(count)}
                  height={down.at(0) - down.at(count)}
                  fill={bin === item ? counter : accent}
                />
              ))}
            </>
          );
        }}
      </Plot>
    </Figure>
  );
}
