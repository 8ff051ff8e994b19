/** Erasure as blocks: what is told apart before and after, layer by layer, and whether the promise was kept. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  formatPercent,
  type Grid,
  type LinesBlock,
  labelText,
  noteBlocks,
  readsResult,
  section,
  type TableBlock,
} from "@mlxterp/results";
import { type ErasureResult, erasureShape } from "./result.js";

export const erasureView = readsResult(erasureShape, (result: ErasureResult): Block[] => {
  return [
    ...fedBlocks(result.fed.slice(0, 2)),
    ...noteBlocks(result.notes),
    section("Told apart, and the cost", layerTable(result)),
    section("The promise, on the rows that it is for", guaranteeTable(result)),
    { ...erasureLines(result), only: "page" },
  ];
});

function share(value: number): string {
  return Number.isNaN(value) ? "–" : formatPercent(value);
}

function number(value: number): string {
  return Number.isNaN(value) ? "–" : formatNumber(value);
}

const right = (title: string) => ({ title, align: "right" as const });

function layerTable({ grids }: ErasureResult): TableBlock {
  const { before, after, random, later, moved, cost, randomCost } = grids;
  return {
    kind: "table",
    columns: [
      { title: "layer" },
      ...["before", "after", "random", "last layer", "moved", "KL", "random KL"].map(right),
    ],
    rows: before.labels.layer.map((layer, at) => [
      labelText(layer),
      ...[before, after, random, later, moved].map((grid) => share(grid.values[at])),
      ...[cost, randomCost].map((grid) => number(grid.values[at])),
    ]),
  };
}

function guaranteeTable({ tables: { guarantee } }: ErasureResult): TableBlock {
  return {
    kind: "table",
    columns: [
      { title: "layer" },
      ...["covariance left", "gain before, nats", "gain after"].map(right),
    ],
    rows: guarantee.rows.map(({ layer, left, gainBefore, gainAfter }) => [
      `${layer}`,
      left < 1e-4 ? "< 0.01 %" : formatPercent(left),
      number(gainBefore),
      number(gainAfter),
    ]),
  };
}

/**
 * What a probe tells apart on held-out pairs through the layers: before, after, and after random directions.
 *
 * @example
 * const { pairs } = builtInTask(model, "agreement", { size: 4 });
 * erasureLines(await erasure(model, pairs, { layers: [1, 2], folds: 2, nulls: 1 })).lines.length; // 4
 */
export const erasureLines = readsResult(erasureShape, ({ grids }: ErasureResult): LinesBlock => {
  const { before, after, random, later } = grids;
  const own = (values: ArrayLike<number>) =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  const line = (label: string, grid: Grid) => ({
    label,
    values: own(grid.values),
    ...(grid.low && grid.high && { low: own(grid.low), high: own(grid.high) }),
  });
  return {
    kind: "lines",
    title: "What a line tells apart after erasure",
    xTitle: "erased at layer",
    yTitle: "share told right, held out",
    x: before.labels.layer.map(labelText),
    lines: [
      line("before", before),
      line("after", after),
      line("after random directions", random),
      line("in the last layer", later),
    ],
  };
});
