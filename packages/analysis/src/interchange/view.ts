/** Interchange accuracies as blocks: a table of layers, or a map where there are several positions. */
import {
  type Block,
  fedBlocks,
  formatPercent,
  type GridBlock,
  labelText,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  section,
  type TableBlock,
  text,
} from "@mlxterp/results";
import { type DasResult, dasShape } from "./result.js";

export const dasView = readsResult(dasShape, (result: DasResult): Block[] => {
  const [, { count, accuracy }] = result.tables.untouched.rows;
  return [
    ...fedBlocks(result.fed.slice(0, 2)),
    ...noteBlocks(result.notes),
    section("Interchange accuracy on held-out pairs", dasTable(result)),
    text(`Of ${count} pairs; with nothing exchanged it is ${formatPercent(accuracy)}.`, "quiet"),
    { ...dasGrid(result), only: "page" },
  ];
});

/**
 * A row for each layer and position.
 *
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 4 });
 * dasTable(await das(model, pairs, { ...question, layers: [2], steps: 5 })).kind; // "table"
 */
export const dasTable = readsResult(dasShape, ({ grids }: DasResult): TableBlock => {
  const { accuracy, random, whole, train, dimensions } = grids;
  const { layer, position } = accuracy.labels;
  const share = (value: number) => (Number.isNaN(value) ? "–" : formatPercent(value));
  const titles = ["learned", "95 %", "at random", "whole activation", "fitted", "dimensions"];
  return {
    kind: "table",
    columns: [
      { title: "layer" },
      { title: "position" },
      ...titles.map((title) => ({ title, align: "right" as const })),
    ],
    rows: layer.flatMap((one, row) =>
      position.map((other, column) => {
        const at = row * position.length + column;
        const interval = accuracy.low && accuracy.high ? `${share(accuracy.low[at])} – ${share(accuracy.high[at])}` : "–"; // biome-ignore format: one line
        return [
          labelText(one),
          labelText(other),
          share(accuracy.values[at]),
          interval,
          share(random.values[at]),
          share(whole.values[at]),
          share(train.values[at]),
          `${dimensions.values[at]}`,
        ];
      }),
    ),
    fixed: 2,
  };
});

/**
 * Layers × positions of the accuracy.
 *
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 4 });
 * dasGrid(await das(model, pairs, { ...question, layers: [2], steps: 5 })).kind; // "grid"
 */
export const dasGrid = readsResult(dasShape, ({ grids: { accuracy } }: DasResult): GridBlock => {
  return {
    kind: "grid",
    title: "Interchange accuracy",
    rowTitle: "exchanged after",
    columnTitle: "position",
    rows: accuracy.labels.layer.map((layer) => `layer ${labelText(layer)}`),
    columns: accuracy.labels.position.map(labelText),
    rowPlaces: placesOf(accuracy, "layer"),
    columnPlaces: placesOf(accuracy, "position"),
    values: rowsOf(accuracy),
    scale: { kind: "sequential", domain: [0, 1] },
    legend: "share of pairs",
    unit: "positions",
  };
});
