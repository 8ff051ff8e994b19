/** A sweep of steering as blocks: maps of effect and cost, and what they are compared with. */
import {
  type Block,
  checkChoice,
  divergingAround,
  fedBlocks,
  formatCell,
  type Grid,
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
  text,
} from "@mlxterp/results";
import { type SteerResult, steerShape } from "./result.js";

const titles = {
  effect: "What steering does",
  cost: "What it costs: nats a token on texts",
  nullEffect: "What directions at random do",
  nullCost: "What directions at random cost",
} as const;

export const steerView = readsResult(steerShape, (result: SteerResult): Block[] => {
  const [best] = result.tables.best.rows;
  const found = best
    ? `Best within the cost: layer ${best.layer}, strength ${best.strength}: ${formatCell(best.effect)}, at ${formatCell(best.cost)} nats a token; ${ofChance(best)}`
    : "No setting costs as little as was asked.";
  return [
    ...fedBlocks(result.fed.slice(0, 2)),
    ...noteBlocks(result.notes),
    section("Without steering", baselineTable(result)),
    steerGrid(result, "effect"),
    steerGrid(result, "cost"),
    text(found),
    { ...steerLines(result), only: "page" },
    { ...steerGrid(result, "nullEffect"), only: "page" },
  ];
});

function ofChance({ nullEffect, nullHigh }: { nullEffect: number; nullHigh: number }): string {
  if (Number.isNaN(nullEffect)) return "no direction at random was tried.";
  return `a direction at random gives ${formatCell(nullEffect)}, at most ${formatCell(nullHigh)}.`;
}

/** What effects are, in words. */
function judgedBy({ asked }: SteerResult): string {
  const own = "log probability of the answer";
  return asked.wrongAnswer === undefined ? own : `${own}, less that of the wrong one`;
}

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
  (result: SteerResult, which: keyof typeof titles): GridBlock => {
    const grid =
      result.grids[checkChoice("which", which, Object.keys(titles) as (keyof typeof titles)[])];
    const own = result.grids[which.endsWith("ffect") ? "effect" : "cost"];
    return {
      kind: "grid",
      title: which.endsWith("ffect") ? `${titles[which]}: ${judgedBy(result)}` : titles[which],
      rowTitle: "added after",
      columnTitle: "strength",
      rows: grid.labels.layer.map((layer) => `layer ${labelText(layer)}`),
      columns: grid.labels.strength.map(labelText),
      rowPlaces: placesOf(grid, "layer"),
      columnPlaces: placesOf(grid, "strength"),
      values: rowsOf(grid).map((row) => row.map((value) => (Number.isNaN(value) ? null : value))),
      scale: divergingAround(own.values, own.neutral ?? 0, 0.05), // one scale with what chance does
      legend: "nats",
      unit: "strengths",
    };
  },
);

/**
 * What one layer does by strength, with its interval over prompts, beside the mean, least and most of directions at random, and what asking in words does.
 *
 * @param layer default: that of the best setting, else the first
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 4 });
 * steerLines(await steer(model, pairs, { ...question, layers: [1] })).lines[0].label; // "this direction"
 */
export const steerLines = readsResult(
  steerShape,
  (result: SteerResult, layer?: number): LinesBlock => {
    const { grids, tables } = result;
    const { layer: layers, strength } = grids.effect.labels;
    const own = layer ?? tables.best.rows[0]?.layer ?? Number(layers[0]);
    const row = layers.indexOf(own);
    if (row < 0) throw new InvalidArgumentError("layer", own, `was not steered; take one of ${layers.map(labelText).join(", ")}.`); // biome-ignore format: one line
    const [plain, words] = tables.baselines.rows;
    const start = row * strength.length;
    // without any strength both are the model as it is
    const places = [
      { x: 0, at: -1 },
      ...strength.map((one, at) => ({ x: Number(one), at: start + at })),
    ]
      .filter(({ x, at }) => x !== 0 || at < 0)
      .sort((a, b) => a.x - b.x);
    const of = (values: ArrayLike<number>) =>
      places.map(({ at }) => finite(at < 0 ? plain.effect : values[at]));
    const line = (label: string, { values, low, high }: Grid) => ({
      label,
      values: of(values),
      ...(low && high && { low: of(low), high: of(high) }),
    });
    const chance = grids.nullEffect.values.every(Number.isNaN) ? [] : [line("at random", grids.nullEffect)]; // biome-ignore format: one line
    const asking = words ? [{ label: words.what, values: places.map(() => words.effect) }] : [];
    return {
      kind: "lines",
      title: `Steering after layer ${own}`,
      subtitle: judgedBy(result),
      xTitle: "strength, in lengths of the residual stream",
      yTitle: "nats",
      x: places.map(({ x }) => x),
      lines: [line("this direction", grids.effect), ...chance, ...asking],
    };
  },
);

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
