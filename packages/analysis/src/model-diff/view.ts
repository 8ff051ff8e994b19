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
  const { divergence, residual, patched } = result.grids;
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
