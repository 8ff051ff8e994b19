/** Probes as blocks: curves through the layers, or a map where positions are read one by one. */
import {
  type Block,
  fedBlocks,
  formatPercent,
  type Grid,
  type GridBlock,
  type LinesBlock,
  labelText,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  section,
} from "@mlxterp/results";
import { type ProbeResult, probeShape } from "./result.js";

export const probeView = readsResult(probeShape, (result: ProbeResult): Block[] => {
  const { accuracy } = result.grids;
  const single = accuracy.labels.position.length === 1;
  const picture = single ? probeLines(result) : probeGrid(result);
  return [
    ...fedBlocks(result.fed.slice(0, 2)),
    ...noteBlocks(result.notes),
    section("Held-out accuracy", single ? layerTable(result) : picture),
    ...(single ? [{ ...picture, only: "page" as const }] : []),
  ];
});

function share(value: number): string {
  return Number.isNaN(value) ? "–" : formatPercent(value);
}

function layerTable({ grids }: ProbeResult): Block {
  const { accuracy, auroc, train, control, selectivity, longer } = grids;
  const { layer } = accuracy.labels;
  const interval = (at: number) =>
    accuracy.low && accuracy.high
      ? `${share(accuracy.low[at])} – ${share(accuracy.high[at])}`
      : "–";
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    kind: "table",
    columns: [
      { title: "layer" },
      ...["held out", "95 %", "AUROC", "fitted", "control", "selectivity"].map(right),
      ...(longer ? [right("longer")] : []),
    ],
    rows: layer.map((one, at) => [
      labelText(one),
      share(accuracy.values[at]),
      interval(at),
      Number.isNaN(auroc.values[at]) ? "–" : auroc.values[at].toFixed(2),
      share(train.values[at]),
      share(control.values[at]),
      share(selectivity.values[at]),
      ...(longer ? [share(longer.values[at])] : []),
    ]),
  };
}

/**
 * Held-out accuracy through the layers, beside the control task and the fitted prompts; of the first position where there are several.
 *
 * @example
 * const { pairs } = builtInTask(model, "facts", { size: 4 });
 * probeLines(await probe(model, pairs, { folds: 2 })).lines.length; // 3
 */
export const probeLines = readsResult(probeShape, ({ grids }: ProbeResult): LinesBlock => {
  const { accuracy, control, train } = grids;
  const step = accuracy.labels.position.length;
  const values = (grid: Grid) =>
    accuracy.labels.layer.map((_, at) => {
      const value = grid.values[at * step];
      return Number.isNaN(value) ? null : value;
    });
  return {
    kind: "lines",
    title: "What a line tells apart",
    subtitle: `Read at: ${labelText(accuracy.labels.position[0])}`,
    xTitle: "layer",
    yTitle: "share told right",
    x: accuracy.labels.layer.map(labelText),
    lines: [
      { label: "held out", values: values(accuracy) },
      { label: "control task", values: values(control) },
      { label: "fitted", values: values(train) },
    ],
  };
});

/**
 * Layers × positions, held-out accuracy.
 *
 * @example
 * const { pairs } = builtInTask(model, "facts", { size: 4 });
 * probeGrid(await probe(model, pairs, { folds: 2, positions: [0, -1] })).kind; // "grid"
 */
export const probeGrid = readsResult(
  probeShape,
  ({ grids: { accuracy } }: ProbeResult): GridBlock => {
    return {
      kind: "grid",
      title: "Held-out accuracy",
      rowTitle: "layer",
      columnTitle: "position",
      rows: accuracy.labels.layer.map((layer) => `layer ${labelText(layer)}`),
      columns: accuracy.labels.position.map(labelText),
      rowPlaces: placesOf(accuracy, "layer"),
      columnPlaces: placesOf(accuracy, "position"),
      values: rowsOf(accuracy).map((row) =>
        row.map((value) => (Number.isNaN(value) ? null : value)),
      ),
      scale: { kind: "diverging", domain: [0, 1], pivot: 0.5 },
      legend: "share told right",
      unit: "positions",
    };
  },
);
