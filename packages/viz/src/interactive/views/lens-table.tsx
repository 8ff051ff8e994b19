/** What each layer would say: the likeliest tokens of a cell, and one token followed through the layers. */
import { formatPercent, type GridBlock } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { textOf } from "../parts/heat-layout.js";
import type { ViewProps } from "../parts/selection.js";
import { useTheme } from "../parts/use-theme.js";
import { HeatMap } from "./heat-map.js";

interface Followed {
  readonly text: string;
  readonly column: number;
}

/** A click follows the cell's token; another on the same lets it go. */
export function LensTable({ block, onSelect }: ViewProps<GridBlock>) {
  const [followed, setFollowed] = useState<Followed>();
  const shown = (row: number, column: number) =>
    block.alternatives?.[row][column]?.[0]?.text ?? textOf(block.cells?.[row][column] ?? "");
  return (
    <>
      <HeatMap
        block={block}
        onSelect={onSelect}
        marked={followed && ((row, column) => shown(row, column) === followed.text)}
        onChoose={({ row, column }) => {
          const text = shown(row, column);
          const again = followed?.text === text && followed.column === column;
          setFollowed(again || text === "" ? undefined : { text, column });
        }}
      />
      {followed && block.alternatives && (
        <Trajectory block={block} {...followed} onClose={() => setFollowed(undefined)} />
      )}
    </>
  );
}

interface TrajectoryProps extends Followed {
  readonly block: GridBlock;
  readonly onClose: () => void;
}

const size = { width: 360, height: 84, left: 4, top: 6, bottom: 14 } as const;

/** A token's probability from the first layer to the last, at one column; no dot where it is not among the likeliest. */
function Trajectory({ block, text, column, onClose }: TrajectoryProps) {
  const theme = useTheme();
  const values = block.rows.map(
    (_, row) => block.alternatives?.[row][column]?.find((one) => one.text === text)?.probability,
  );
  const across = (size.width - 2 * size.left - 4) / Math.max(1, values.length - 1);
  const x = (row: number) => size.left + 2 + row * across;
  const y = (value: number) => size.top + (1 - value) * (size.height - size.top - size.bottom);
  const points = values.flatMap((value, row) => (value === undefined ? [] : [{ row, value }]));
  const best = points.reduce((a, b) => (b.value > a.value ? b : a), { row: 0, value: 0 });
  return (
    <div class="mi-followed">
      <div>
        <bdi class="mi-piece">{text}</bdi> at {block.columns[column]}: highest{" "}
        {formatPercent(best.value)} after {block.rows[best.row]}; among the likeliest in{" "}
        {points.length} of {values.length}
        <button type="button" class="mi-button" onClick={onClose}>
          let go
        </button>
      </div>
      <svg
        width={size.width}
        height={size.height}
        role="img"
        aria-label={`Probability of ${text} through the layers`}
      >
        <line x1={0} x2={size.width} y1={y(0)} y2={y(0)} stroke={theme.line} />
        <polyline
          points={points.map(({ row, value }) => `${x(row)},${y(value)}`).join(" ")}
          fill="none"
          stroke={theme.counter}
          stroke-width="1.5"
        />
        {points.map(({ row, value }) => (
          <circle key={row} cx={x(row)} cy={y(value)} r={3} fill={theme.counter}>
            <title>{`${block.rows[row]}: ${formatPercent(value)}`}</title>
          </circle>
        ))}
      </svg>
    </div>
  );
}
