/** Probes as blocks: curves through the layers, or a map where positions are read one by one. */
import {
  type Block,
  checkChoice,
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
    ...(single || result.grids.control.values.every(Number.isNaN) ? [] : [{ ...probeGrid(result, "control"), only: "page" as const }]), // biome-ignore format: one choice
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
  const each = (all: ArrayLike<number>) =>
    accuracy.labels.layer.map((_, at) => {
      const value = all[at * step];
      return Number.isNaN(value) ? null : value;
    });
  const values = (grid: Grid) => each(grid.values);
  const { low, high } = accuracy;
  const bounds = low && high && { low: each(low), high: each(high) };
  return {
    kind: "lines",
    title: "What a line tells apart",
    subtitle: `Read at: ${labelText(accuracy.labels.position[0])}`,
    xTitle: "layer",
    yTitle: "share told right",
    x: accuracy.labels.layer.map(labelText),
    lines: [
      { label: "held out", values: values(accuracy), ...bounds },
      { label: "control task", values: values(control) },
      { label: "fitted", values: values(train) },
    ],
  };
});

const titles = { accuracy: "Held-out accuracy", control: "On control tasks" } as const;

/**
 * Layers × positions, held-out accuracy, or that on control tasks.
 *
 * @example
 * const { pairs } = builtInTask(model, "facts", { size: 4 });
 * probeGrid(await probe(model, pairs, { folds: 2, positions: [0, -1] })).kind; // "grid"
 */
export const probeGrid = readsResult(
  probeShape,
  ({ grids }: ProbeResult, which: keyof typeof titles = "accuracy"): GridBlock => {
    const grid = grids[checkChoice("which", which, Object.keys(titles) as (keyof typeof titles)[])];
    return {
      kind: "grid",
      title: titles[which],
      rowTitle: "layer",
      columnTitle: "position",
      rows: grid.labels.layer.map((layer) => `layer ${labelText(layer)}`),
      columns: grid.labels.position.map(labelText),
      rowPlaces: placesOf(grid, "layer"),
      columnPlaces: placesOf(grid, "position"),
      values: rowsOf(grid).map((row) => row.map((value) => (Number.isNaN(value) ? null : value))),
      scale: { kind: "diverging", domain: [0, 1], pivot: 0.5 },
      legend: "share told right",
      unit: "positions",
    };
  },
);
