/** Features of a prompt: which are on where, and for one of them its tokens, how it is spread, and what else is known. */
import { formatNumber, type GridBlock, type TableBlock } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { textOf } from "../parts/heat-layout.js";
import type { OnSelect } from "../parts/selection.js";
import { HeatMap } from "./heat-map.js";
import { HistogramView } from "./histogram-view.js";
import { TokenStrip } from "./token-strip.js";

export interface FeatureDashboardProps {
  /** Features × tokens. */
  readonly grid: GridBlock;
  /** A row for each feature, which its first column names. */
  readonly table?: TableBlock;
  readonly onSelect?: OnSelect;
}

const bins = 12;

export function FeatureDashboard({ grid, table, onSelect }: FeatureDashboardProps) {
  const [row, setRow] = useState(0);
  const values = (grid.values[row] ?? []).map((value) => value ?? 0);
  const name = grid.rows[row] ?? "";
  const known = table?.rows.find(([first]) => textOf(first ?? "") === name);
  return (
    <div class="mi-dashboard">
      <HeatMap
        block={grid}
        onSelect={onSelect}
        onChoose={(cell) => setRow(cell.row)}
        marked={(at) => at === row && grid.rows.length > 1}
      />
      <div class="mi-cards">
        <TokenStrip
          block={{
            kind: "tokens",
            label: `${grid.rowTitle} ${name}: its tokens`,
            pieces: grid.columns,
            values,
            scale: grid.scale,
          }}
          onSelect={onSelect}
        />
        <HistogramView
          block={{
            kind: "histogram",
            title: "How it is spread",
            axis: grid.legend,
            ...spread(values),
          }}
        />
        {known && table && (
          <dl class="mi-known">
            {table.columns.map(({ title }, column) => (
              <div key={`${column}${title}`}>
                <dt>{title}</dt>
                <dd>
                  <bdi>{textOf(known[column] ?? "")}</bdi>
                </dd>
              </div>
            ))}
            <div>
              <dt>mean</dt>
              <dd>
                {formatNumber(values.reduce((sum, value) => sum + value, 0) / (values.length || 1))}
              </dd>
            </div>
          </dl>
        )}
      </div>
    </div>
  );
}

function spread(values: readonly number[]) {
  const high = values.reduce((most, value) => Math.max(most, value), 1e-9);
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of values)
    counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
  return {
    edges: Array.from({ length: bins + 1 }, (_, index) => low + ((high - low) * index) / bins),
    counts,
  };
}
