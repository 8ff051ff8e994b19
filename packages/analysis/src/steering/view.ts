/** A sweep of steering as blocks: maps of effect and cost, and what they are compared with. */
import {
  type Block,
  checkChoice,
  divergingAround,
  fedBlocks,
  formatCell,
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
import { type SteerResult, steerShape } from "./result.js";

const titles = {
  effect: "What steering does: log probability of the answer",
  cost: "What it costs: nats a token on texts",
  nullEffect: "What directions at random do",
  nullCost: "What directions at random cost",
} as const;

export const steerView = readsResult(steerShape, (result: SteerResult): Block[] => {
  const [best] = result.tables.best.rows;
  const found = best
    ? `Best within the cost: layer ${best.layer}, strength ${best.strength}: ${formatCell(best.effect)}, at ${formatCell(best.cost)} nats a token; a direction at random gives ${formatCell(best.nullEffect)}.`
    : "No setting costs as little as was asked.";
  return [
    ...fedBlocks(result.fed.slice(0, 2)),
    ...noteBlocks(result.notes),
    section("Without steering", baselineTable(result)),
    steerGrid(result, "effect"),
    steerGrid(result, "cost"),
    text(found),
    { ...steerGrid(result, "nullEffect"), only: "page" },
  ];
});

function baselineTable({ tables }: SteerResult): TableBlock {
  return {
    kind: "table",
    columns: [{ title: "prompts" }, { title: "effect", align: "right" }],
    rows: tables.baselines.rows.map(({ what, effect }) => [what, formatCell(effect)]),
  };
}

/**
 * Layers × strengths of one of the grids; effects are pale where they are those of the model as it is.
 *
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 4 });
 * steerGrid(await steer(model, pairs, { ...question, layers: [1], nulls: 0 }), "cost").kind; // "grid"
 */
export const steerGrid = readsResult(
  steerShape,
  ({ grids }: SteerResult, which: keyof typeof titles): GridBlock => {
    const grid = grids[checkChoice("which", which, Object.keys(titles) as (keyof typeof titles)[])];
    return {
      kind: "grid",
      title: titles[which],
      rowTitle: "added after",
      columnTitle: "strength",
      rows: grid.labels.layer.map((layer) => `layer ${labelText(layer)}`),
      columns: grid.labels.strength.map(labelText),
      rowPlaces: placesOf(grid, "layer"),
      columnPlaces: placesOf(grid, "strength"),
      values: rowsOf(grid).map((row) => row.map((value) => (Number.isNaN(value) ? null : value))),
      scale: divergingAround(grid.values, grid.neutral ?? 0, 0.05),
      legend: "nats",
      unit: "strengths",
    };
  },
);
