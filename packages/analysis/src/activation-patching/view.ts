/** Activation patching as blocks: the baselines, a map for each kind, and where the effect is strongest. */

import {
  type Block,
  type Cell,
  divergingAround,
  type Fed,
  fedBlocks,
  formatCell,
  formatNumber,
  formatPercent,
  type Grid,
  type GridBlock,
  type Label,
  labelKey,
  noteBlocks,
  placesOf,
  readsResult,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type PatchPart, patchKinds } from "../patching/kinds.js";
import { mean } from "../shared/lists.js";
import { notThere } from "../shared/not-there.js";
import { strongestCell } from "../shared/strongest.js";
import { type PatchDirection, type PatchingResult, patchingShape } from "./result.js";
import { promptsOf, saidInCells, saidText } from "./said.js";

const titles: Readonly<Record<PatchPart, string>> = {
  residual: "Patching the residual stream before each layer",
  residualMid: "Patching the residual stream between attention and MLP",
  attention: "Patching what attention adds",
  mixer: "Patching what the mixer adds",
  mlp: "Patching what the MLP adds",
  head: "Patching single heads",
  query: "Patching queries: where heads look",
  key: "Patching keys: where heads are found",
  value: "Patching values: what heads copy",
  pattern: "Patching patterns: what each query takes of each key",
  neuron: "Patching single neurons",
  expert: "Patching how well experts suit",
};

/** What an axis of units is called. */
const unitNames: Readonly<Record<string, string>> = {
  head: "head",
  kvHead: "key/value head",
  neuron: "neuron",
  expert: "expert",
};

export const patchingView = readsResult(patchingShape, (result: PatchingResult): Block[] => {
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(`${baselineText(result)} 0 is the corrupted run, 1 the clean run.`),
    ...patchKinds.flatMap((kind) => {
      if (!result.grids[kind]) return [];
      const grid = patchingGrid(result, kind);
      const by = (value: number) => movement(value, directionOf(result));
      return [grid, text(strongestCell(grid, { by, column: "column" }))];
    }),
    text(workText(result)),
  ];
});

function directionOf({ asked }: PatchingResult): PatchDirection {
  return asked.direction as PatchDirection;
}

function baselineText(result: PatchingResult): string {
  const { rows } = result.tables.baselines;
  const clean = formatNumber(mean(rows.map((row) => row.clean)));
  const corrupted = formatNumber(mean(rows.map((row) => row.corrupted)));
  const [{ answer, wrongAnswer }] = result.fed;
  const tokens = [answer, wrongAnswer].flatMap((token) =>
    token ? [visibleToken(token.text)] : [],
  );
  const about = rows.length > 1 ? `, mean of ${rows.length} pairs` : ` of ${tokens.join(" − ")}`;
  return `${rows[0].metric}${about}: ${clean} clean, ${corrupted} corrupted. Patched ${placeText(result)}.`;
}

const replacements: Readonly<Record<string, string>> = {
  zero: "to zero",
  mean: "to the mean",
  resample: "to those of other prompts",
};

function placeText(result: PatchingResult): string {
  const denoising = directionOf(result) === "denoising";
  const replacement = replacements[String(result.asked.source)];
  if (replacement) return `${replacement} in the ${denoising ? "corrupted" : "clean"} run`;
  return denoising ? "clean into corrupted" : "corrupted into clean";
}

function workText({ tables }: PatchingResult): string {
  const [{ runs, merged, passes, saved }] = tables.work.rows;
  const known = merged > 0 ? `, of which ${merged} were known without one` : "";
  return `${runs} patched runs in ${passes} ${passes === 1 ? "pass" : "passes"}${known}; ${formatPercent(saved)} of layers and positions were not computed.`;
}

/**
 * Layers × positions (or heads): the effect of each patch, pale where it changes nothing.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a kind that was not patched
 * @example
 * patchingGrid(patching, "residual").kind; // "grid"
 */
export const patchingGrid = readsResult(
  patchingShape,
  (result: PatchingResult, kind: PatchPart): GridBlock => {
    const effect: Grid | undefined = result.grids[kind];
    const metric: Grid | undefined = result.grids[`${kind}Metric`];
    if (!effect || !metric) throw notThere(kind, result.grids);
    const columns = columnNames(effect, result.fed);
    const size = columns.length;
    const direction = directionOf(result);
    const unchanged = direction === "denoising" ? 0 : 1;
    const layers = effect.labels.layer;
    const rows = layers.map((_, row) => [...effect.values.subarray(row * size, (row + 1) * size)]);
    const next = saidInCells(result, kind, size);
    const [{ metric: name }] = result.tables.baselines.rows;
    return {
      kind: "grid",
      title: titles[kind],
      subtitle: baselineText(result),
      rowTitle: "patched in",
      columnTitle: columnTitle(effect),
      rows: layers.map((layer) => `layer ${layer}`),
      columns,
      values: rows,
      cells: rows.map((row) => row.map((value) => effectCell(value, direction))),
      details: rows.map((row, at) =>
        row.map(
          (value, column) =>
            `layer ${layers[at]}, ${columns[column]}\neffect ${formatNumber(value)}\n${name} ${formatNumber(metric.values[at * size + column])}${next ? saidText(next[at][column][0]) : ""}`,
        ),
      ),
      ...(next && { alternatives: next, prompts: promptsOf(result) }),
      scale: divergingAround(effect.values, unchanged, 0.05),
      legend: "effect: 0 as corrupted, 1 as clean",
      rowPlaces: placesOf(effect, "layer"),
      ...columnsInWords(effect),
      unit: unitOf(effect) === undefined ? "positions" : `${unitNames[unitOf(effect)!]}s`,
    };
  },
);

/** A position shows both prompts' tokens where they differ; of several pairs only its number. */
function columnNames({ axes, labels }: Grid, fed: readonly Fed[]): string[] {
  const positions = labels.position.map((label) => positionName(label, fed));
  const unit = unitOf({ axes });
  if (unit === undefined) return positions;
  const single = positions.length === 1 && labels.position[0] === "all";
  return labels[unit].flatMap((one) =>
    positions.map((position) =>
      single ? `${unitNames[unit]} ${one}` : `${unitNames[unit]} ${one} ${position}`,
    ),
  );
}

/** Columns that are positions; or units, each at all positions. */
function columnsInWords(effect: Grid): Partial<GridBlock> {
  const unit = unitOf(effect);
  if (unit === undefined) return { columnPlaces: placesOf(effect, "position") };
  const single = effect.labels.position.length === 1;
  return single ? { columnPlaces: placesOf(effect, unit) } : {};
}

/** The axis of heads, neurons or experts. */
function unitOf({ axes }: Pick<Grid, "axes">): string | undefined {
  return axes.find((axis) => axis in unitNames);
}

function positionName(label: Label, [clean, corrupted]: readonly Fed[]): string {
  if (typeof label !== "object") return label === "all" ? "all positions" : `${label}`;
  const at = Number(labelKey(label));
  const partner = clean.ids.length === corrupted.ids.length ? at : undefined;
  const own = visibleToken(clean.pieces[at]);
  const other = partner === undefined ? own : visibleToken(corrupted.pieces[partner]);
  return own === other ? own : `${own}/${other}`;
}

function columnTitle({ axes, labels }: Grid): string {
  const together = labels.position[0] === "all";
  const unit = unitOf({ axes });
  if (unit === undefined) return together ? "" : "position (clean / corrupted token)";
  return together ? "all positions at once" : `${unitNames[unit]}, position`;
}

/** How far a patch moves the run it is made in: 0 not at all, 1 all the way. */
function movement(value: number, direction: PatchDirection): number {
  return direction === "denoising" ? value : 1 - value;
}

function effectCell(value: number, direction: PatchDirection): Cell {
  const moved = movement(value, direction);
  const shown = formatCell(value);
  if (moved >= 0.5) return { text: shown, tone: "strong" };
  if (moved <= -0.1) return { text: shown, tone: "bad" };
  return Math.abs(moved) < 0.05 ? { text: shown, tone: "quiet" } : shown;
}
