/** How two models differ as blocks: prompt by prompt the tokens, the layers, and what turns one into the other. */
import {
  type Block,
  formatCell,
  formatPercent,
  type GridBlock,
  InvalidArgumentError,
  type LinesBlock,
  labelText,
  noteBlocks,
  placesOf,
  readsResult,
  rowsOf,
  section,
  type TableBlock,
  visibleToken,
} from "@mlxterp/results";
import { type ModelDiffResult, modelDiffShape } from "./result.js";

export const modelDiffView = readsResult(modelDiffShape, (result: ModelDiffResult): Block[] => {
  const { divergence, residual, patched, ownLayer, ownHead } = result.grids;
  const values = [...divergence.values];
  return [
    {
      kind: "tokens",
      label: "Divergence after each token",
      pieces: result.fed[0].pieces,
      values,
      scale: { kind: "sequential", domain: [0, Math.max(...values, 1e-6)] },
    },
    ...noteBlocks(result.notes),
    section("Tokens that change most at the end", tokenTable(result)),
    ...(residual ? [residualDiffGrid(result)] : []),
    ...(ownLayer ? [section("What each makes of this model's stream", changesTable(result))] : []),
    ...(ownHead ? [{ ...ownHeadGrid(ownHead), only: "page" as const }] : []),
    ...(patched ? [section("This model's stream put into the other", patchedTable(result))] : []),
    ...(patched ? [{ ...patchedLines(result), only: "page" as const }] : []),
  ];
});

function tokenTable({ tables }: ModelDiffResult): TableBlock {
  return {
    kind: "table",
    columns: [
      { title: "token" },
      ...["this model", "other", "change"].map((title) => ({ title, align: "right" as const })),
    ],
    rows: tables.tokens.rows.map(({ text, model, other }) => [
      visibleToken(text),
      formatPercent(model),
      formatPercent(other),
      `${other >= model ? "+" : "−"}${formatPercent(Math.abs(other - model))}`,
    ]),
  };
}

/** Changes that are shown, of layers and heads alike. */
const shown = 8;

/** Of rounding, and no more. */
const rounding = 1e-5;

function changesTable({ grids: { ownLayer, ownHead } }: ModelDiffResult): TableBlock {
  const layers = ownLayer ? ownLayer.labels.layer.map((one, at) => ({ name: one === "embedding" ? "embedding" : `layer ${labelText(one)}`, change: ownLayer.values[at] })) : []; // biome-ignore format: one list
  const heads = ownHead ? [...ownHead.values].map((change, at) => ({ name: headName(ownHead, at), change })) : []; // biome-ignore format: one list
  const largest = (list: typeof layers) =>
    list.filter(({ change }) => change > rounding).sort((a, b) => b.change - a.change).slice(0, shown); // biome-ignore format: one list
  const rows = [...largest(layers), ...largest(heads)];
  const all = [...layers, ...heads];
  const same = all.filter(({ change }) => change <= rounding).length;
  return {
    kind: "table",
    caption: `As a share of the length here, largest first; ${same} of ${all.length} parts do the same as here`,
    columns: [{ title: "part" }, { title: "own change", align: "right" }],
    rows: rows.map(({ name, change }) => [name, formatCell(change)]),
  };
}

function headName({ labels }: OwnHeads, at: number): string {
  const { layer, head } = labels;
  return `L${labelText(layer[Math.floor(at / head.length)])}H${labelText(head[at % head.length])}`;
}

type OwnHeads = NonNullable<ModelDiffResult["grids"]["ownHead"]>;

function ownHeadGrid(grid: OwnHeads): GridBlock {
  return {
    kind: "grid",
    title: "What each head makes of this model's stream",
    rowTitle: "layer",
    columnTitle: "head",
    rows: grid.labels.layer.map(labelText),
    columns: grid.labels.head.map(labelText),
    rowPlaces: placesOf(grid, "layer"),
    columnPlaces: placesOf(grid, "head"),
    values: rowsOf(grid),
    scale: { kind: "sequential", domain: [0, Math.max(...grid.values, 1e-6)] },
    legend: "its own change, of the length here",
  };
}

function patchedTable({ grids }: ModelDiffResult): TableBlock {
  const { patched } = grids;
  return {
    kind: "table",
    columns: [{ title: "after layer" }, { title: "nats left at the end", align: "right" }],
    rows: patched ? patched.labels.layer.map((layer, at) => [labelText(layer), formatCell(patched.values[at])]) : [], // biome-ignore format: one line
  };
}

function patchedLines({ grids: { patched } }: ModelDiffResult): LinesBlock {
  return {
    kind: "lines",
    title: "What is left of the difference",
    xTitle: "this model's stream put in after layer",
    yTitle: "nats",
    x: patched ? patched.labels.layer.map(labelText) : [],
    lines: [{ label: "divergence at the end", values: patched ? [...patched.values] : [] }],
  };
}

/**
 * Layers × positions: how far the streams are from each other.
 *
 * @throws RangeError for models of other shapes
 * @example
 * residualDiffGrid(await modelDiff(model, "Mary and John", { change: "layers.1=scale(2)" })).kind; // "grid"
 */
export const residualDiffGrid = readsResult(
  modelDiffShape,
  ({ grids: { residual } }: ModelDiffResult): GridBlock => {
    if (!residual) throw new InvalidArgumentError("result", undefined, "models of other shapes have no common stream, so there is none to show."); // biome-ignore format: one line
    return {
      kind: "grid",
      title: "How far the residual streams are apart",
      rowTitle: "after layer",
      columnTitle: "token",
      rows: residual.labels.layer.map(labelText),
      columns: residual.labels.position.map(labelText),
      rowPlaces: placesOf(residual, "layer"),
      columnPlaces: placesOf(residual, "position"),
      values: rowsOf(residual),
      scale: { kind: "sequential", domain: [0, Math.max(...residual.values, 1e-6)] },
      legend: "distance, of the length here",
      unit: "positions",
    };
  },
);
