/** A conversation as blocks: turn × turn, what is said after each, and what is carried where. */
import {
  type Block,
  fedBlocks,
  formatPercent,
  type Grid,
  type GridBlock,
  labelText,
  noteBlocks,
  readsResult,
  rowsOf,
  section,
  type TableBlock,
  visibleToken,
} from "@mlxterp/results";
import { type TurnResult, turnShape } from "./result.js";

export const turnView = readsResult(turnShape, (result: TurnResult): Block[] => {
  const { loss, patch } = result.grids;
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    turnAttentionGrid(result),
    ...(loss ? [turnLossGrid(loss)] : []),
    ...(patch ? [turnPatchGrid(patch)] : []),
    section("What would be said after each turn", lensTable(result)),
  ];
});

/**
 * Turn × turn: the share of attention, the mean over layers and heads.
 *
 * @example
 * const turns = [{ role: "user", start: 0, end: 3 }];
 * turnAttentionGrid(await turnByTurn(model, [1, 467, 223, 384], { turns })).kind; // "grid"
 */
export const turnAttentionGrid = readsResult(
  turnShape,
  ({ grids: { attention } }: TurnResult): GridBlock => {
    const { layer, head, query, key } = attention.labels;
    const [count, size] = [layer.length * head.length, query.length * key.length];
    const sums = new Float64Array(size);
    for (const [at, value] of attention.values.entries()) sums[at % size] += value / count;
    const names = query.map(labelText);
    return {
      kind: "grid",
      title: "Who looks at whom",
      subtitle: "Share of a turn's attention, the mean over layers and heads",
      rowTitle: "turn",
      columnTitle: "looks at",
      rows: names,
      columns: names,
      values: names.map((_, row) =>
        names.map((_, column) => (column > row ? null : sums[row * names.length + column])),
      ),
      scale: { kind: "sequential", domain: [0, 1] },
      legend: "attention",
      unit: "turns",
    };
  },
);

function largest(values: ArrayLike<number>): number {
  return Math.max(...Array.from(values, (one) => (Number.isFinite(one) ? Math.abs(one) : 0)), 1e-6);
}

function numbersOf(grid: Grid): (number | null)[][] {
  return rowsOf(grid).map((row) => row.map((value) => (Number.isNaN(value) ? null : value)));
}

function turnLossGrid(loss: NonNullable<TurnResult["grids"]["loss"]>): GridBlock {
  const most = largest(loss.values);
  return {
    kind: "grid",
    title: "What the answer loses when a turn no longer sees another",
    rowTitle: "turn",
    columnTitle: "does not see",
    rows: loss.labels.query.map(labelText),
    columns: loss.labels.key.map(labelText),
    values: numbersOf(loss),
    scale: { kind: "diverging", domain: [-most, most], pivot: 0 },
    legend: "nats lost",
    unit: "turns",
  };
}

function turnPatchGrid(patch: NonNullable<TurnResult["grids"]["patch"]>): GridBlock {
  const most = Math.max(1, largest(patch.values));
  return {
    kind: "grid",
    title: "What comes back when a turn's stream is put into the other conversation",
    rowTitle: "before layer",
    columnTitle: "turn",
    rows: patch.labels.layer.map(labelText),
    columns: patch.labels.turn.map(labelText),
    values: numbersOf(patch),
    scale: { kind: "diverging", domain: [-most, most], pivot: 0 },
    legend: "effect",
    unit: "turns",
    upwards: true,
  };
}

function lensTable({ grids: { token, probability }, tables }: TurnResult): TableBlock {
  const texts = new Map(tables.tokens.rows.map(({ id, text }) => [id, text]));
  const { layer, turn, rank } = token.labels;
  const cell = (row: number, column: number) => {
    const at = (row * turn.length + column) * rank.length;
    const id = token.values[at];
    return `${visibleToken(texts.get(id) ?? `<${id}>`)} ${formatPercent(probability.values[at])}`;
  };
  return {
    kind: "table",
    columns: [{ title: "layer" }, ...turn.map((name) => ({ title: labelText(name) }))],
    rows: layer.map((name, row) => [
      labelText(name),
      ...turn.map((_, column) => cell(row, column)),
    ]),
    unit: "turns",
  };
}
