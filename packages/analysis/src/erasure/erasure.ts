/**
 * Erasure, layer by layer: what a linear reader can still tell after the difference of two classes of prompts was taken out, and what that costs.
 *
 * At every layer an eraser is fitted (LEACE, or a direction that is projected out), and beside it stand: whether it keeps its promise on the
 * rows that it was fitted to; what a probe tells apart on pairs that neither has seen, before, after, and after directions at random;
 * what a probe tells apart in the last layer all the same; how far activations are moved; and what becomes of the next token.
 *
 * Caveats. The promise is for linear readers, at this place, for the rows that were seen. What is erased in one layer may be written again by
 * the next (`later`), or stand at other positions. Few pairs in wide activations are told apart by anything: look at `before`.
 *
 * Source: Belrose et al. 2023, arXiv 2306.03819 (LEACE); Ravfogel et al. 2020, arXiv 2004.07667 (projections).
 */
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { eraseLinear, saveEdits } from "@mlxterp/interventions";
import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import { bootstrapMean, createGrid, createTable, type Note, parseOptions } from "@mlxterp/results";
import { pickRows, type Rows } from "../directions/matrix.js";
import { readPlaces } from "../directions/read-places.js";
import { type Pooling, readRows } from "../directions/read-rows.js";
import { askedOf } from "../shared/asked.js";
import { type ClassPairs, classPairs } from "../shared/classes.js";
import { layersHaving } from "../shared/layers-having.js";
import { mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { erased, fitEraser, labelsOf, largestCovariance, linearGain, movedShare, projection, scaled } from "./erase-rows.js"; // biome-ignore format: one import
import { heldOutScores, nextTokenCost } from "./held-out.js";
import type { Eraser } from "./leace.js";
import { type AskedErasure, type ErasureOptions, erasureOptions, erasureSites } from "./options.js";
import type { ErasureResult } from "./result.js";

/**
 * Erases what tells two classes of prompts apart, at every layer by itself.
 *
 * @param input `clean` prompts are of the one class, `corrupted` ones of the other; they may differ in length
 * @returns by layer what is told apart before and after, what it costs, and the promise checked; `save` keeps the erasers as an edit
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where the classes do not differ; OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError
 *   (`NOT_FINITE`); the signal's reason
 * @example
 * const { pairs } = builtInTask(model, "agreement", { size: 8 });
 * const { tables } = await erasure(model, pairs, { layers: [2], folds: 2, nulls: 1 });
 * tables.guarantee.rows[0].left < 1e-3; // true: no covariance with the class is left
 */
export async function erasure(
  model: AnalysisModel,
  input: PatchingPrompts,
  options?: ErasureOptions,
): Promise<ErasureResult> {
  const asked = parseOptions("erasure", erasureOptions, options);
  const pairs = classPairs(model, input);
  const { site } = asked;
  const wanted = { option: "site", word: site, site: erasureSites[site], another: "another site" };
  const layers = layersHaving(model, wanted, asked.layers);
  const prompts = pairs.positive.flatMap((ids, index) => [ids, pairs.negative[index]]); // rows 2i and 2i + 1
  const sites = layers.map((layer) => erasureSites[asked.site].replace("*", `${layer}`));
  const place = readPlaces(pairs, asked.position);
  const read = { pooling: [place], batchSize: asked.batchSize, signal: asked.signal };
  const rows = (await readRows(model, prompts, { ...read, sites })).map(([own]) => own);
  if (!rows.every(({ values }) => values.every(Number.isFinite))) {
    throw await notFiniteError("Activations", model, prompts as number[][]);
  }
  for (const [at, own] of rows.entries()) requireDifference(own, layers[at]);
  const cells: Cell[] = [];
  const erasers: Eraser[] = [];
  for (const [at, own] of rows.entries()) {
    asked.signal?.throwIfAborted();
    const eraser = fitEraser(own, asked);
    erasers.push(eraser);
    cells.push(await cellOf({ model, prompts, asked, place }, own, eraser, sites[at]));
    asked.onProgress?.({ done: cells.length, total: layers.length, stage: "erasure" });
  }
  if (asked.save) {
    const byLayer = Object.fromEntries(sites.map((site, at) => [site, eraseLinear(erasers[at])]));
    saveEdits(model.edit(byLayer as never, { name: "erasure" }), asked.save);
  }
  const { save: _save, ...repeatable } = asked; // a run again writes nothing
  return {
    method: "erase",
    asked: askedOf(repeatable),
    fed: pairs.fed,
    ...arranged(cells, layers),
    notes: notesOf(pairs, asked),
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** What differs by less, relative to the largest number there, differs by the rounding of rows only. */
const rounding = 1e-5;

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function requireDifference(rows: Rows, layer: number): void {
  const largest = rows.values.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  const apart = largestCovariance(rows, labelsOf(rows.count));
  if (apart > rounding * largest) return;
  const rule = `in layer ${layer} both classes have the same mean there, so there is nothing to erase. Read at another position, or give other prompts.`; // biome-ignore format: one rule
  throw new InvalidArgumentError("corrupted", apart, rule);
}

/** What is found of one layer. */
interface Cell {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly random: number;
  readonly later: number;
  readonly moved: number;
  readonly cost: number;
  readonly randomCost: number;
  readonly left: number;
  readonly gainBefore: number;
  readonly gainAfter: number;
}

interface About {
  readonly model: AnalysisModel;
  readonly prompts: readonly (readonly number[])[];
  readonly asked: AskedErasure;
  readonly place: Pooling;
}

async function cellOf(
  { model, prompts, asked, place }: About,
  rows: Rows,
  eraser: Eraser,
  site: string,
): Promise<Cell> {
  const labels = labelsOf(rows.count);
  const without = erased(rows, eraser);
  const random = randomUnits(asked, rows.width).map((unit) => projection(rows, unit));
  const last = `layers.${model.anatomy.layers - 1}`;
  const view = (one: Eraser) => model.edit({ [site]: eraseLinear(one) } as never);
  const read = { sites: [last], pooling: [place], batchSize: asked.batchSize };
  const above = async (one: Eraser) => (await readRows(view(one), prompts, read))[0][0];
  const costs: number[] = [];
  for (const one of [eraser, ...random]) costs.push(await nextTokenCost(model, view(one), prompts, asked)); // biome-ignore format: one line
  const heldOut = (rowsFor: (train: readonly number[]) => Rows | Promise<Rows>) =>
    heldOutScores(prompts.length / 2, asked, rowsFor);
  const seen = (train: readonly number[]) => fitEraser(pickRows(rows, train), asked);
  const chance: number[] = [];
  for (const one of random) chance.push(mean(await heldOut(() => erased(rows, one))));
  return {
    before: await heldOut(() => rows),
    after: await heldOut((train) => erased(rows, seen(train))),
    random: mean(chance),
    later: mean(await heldOut((train) => above(seen(train)))),
    moved: movedShare(rows, without),
    cost: costs[0],
    randomCost: mean(costs.slice(1)),
    left: largestCovariance(without, labels) / largestCovariance(rows, labels),
    gainBefore: linearGain(scaled(rows, rows), labels),
    gainAfter: linearGain(scaled(without, rows), labels),
  };
}

function randomUnits({ nulls, seed }: AskedErasure, width: number): Float64Array[] {
  const random = uniformNumbers(seed + 1);
  return Array.from({ length: nulls }, () => {
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const vector = Float64Array.from({ length: width }, normal);
    const length = Math.sqrt(vector.reduce((sum, one) => sum + one * one, 0));
    return vector.map((value) => value / length);
  });
}

function arranged(cells: readonly Cell[], layer: readonly number[]) {
  const grid = (pick: (cell: Cell) => number, unit: "share" | "nats", neutral?: number) =>
    createGrid({ labels: { layer }, values: cells.map(pick), unit, ...(neutral !== undefined && { neutral }) }); // biome-ignore format: one call
  const accuracy = (pick: (cell: Cell) => readonly number[]) => {
    const intervals = cells.map((cell) => bootstrapMean(pick(cell)));
    const bound = (side: "low" | "high") =>
      Float64Array.from(intervals, (one) => one?.[side] ?? Number.NaN);
    return {
      ...grid((cell) => mean([...pick(cell)]), "share", 0.5),
      ...(intervals.every(Boolean) && { low: bound("low"), high: bound("high") }),
    };
  };
  const rows = cells.map(({ left, gainBefore, gainAfter }, at) => ({ layer: layer[at], left, gainBefore, gainAfter })); // biome-ignore format: one row
  return {
    grids: {
      before: accuracy(({ before }) => before),
      after: accuracy(({ after }) => after),
      random: grid(({ random }) => random, "share", 0.5),
      later: grid(({ later }) => later, "share", 0.5),
      moved: grid(({ moved }) => moved, "share"),
      cost: grid(({ cost }) => cost, "nats", 0),
      randomCost: grid(({ randomCost }) => randomCost, "nats", 0),
    },
    tables: { guarantee: createTable(["layer", "left", "gainBefore", "gainAfter"], rows) },
  };
}

function notesOf({ positive }: ClassPairs, { folds, rule, direction }: AskedErasure): Note[] {
  const notes: Note[] = [];
  if (positive.length === 1) notes.push({ code: "NOT_HELD_OUT", text: "one pair: nothing can be held out, and any two prompts can be told apart. Give more pairs." }); // biome-ignore format: one note
  else if (positive.length < 2 * folds) notes.push({ code: "FEW_PAIRS", text: `${positive.length} pairs: each accuracy is of few prompts; see its interval.` }); // biome-ignore format: one note
  if (rule === "projection" && direction !== "meanDifference") notes.push({ code: "NO_GUARANTEE", text: `a direction found by ${direction} promises nothing: the covariance with the class that is left stands in the table.` }); // biome-ignore format: one note
  return notes;
}
