/**
 * Linear probes: what can be read from activations along a line, layer by layer, on prompts that the probe has not seen.
 *
 * Prompts come in pairs of two classes. A probe is fitted to all but a part of the pairs and judged on the rest, and every part is left
 * out once; both prompts of a pair stay on the same side, so that nothing of a held-out pair is known.
 *
 * Caveats. What can be read need not be used: steer or erase along the direction to find out. A wide probe fits anything; `control`, the
 * same on labels by chance, says how much of the accuracy is its own. Where classes differ in a word at the place that is read, the
 * probe reads that word. `longer` shows whether it still reads when other text stands before.
 *
 * Source: Alain & Bengio 2016, arXiv 1610.01644; control tasks: Hewitt & Liang 2019, arXiv 1909.03368; mass-mean probes: Marks & Tegmark
 * 2023, arXiv 2310.06824; sparse probing: Gurnee et al. 2023, arXiv 2305.01610.
 */
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, mx, uniformNumbers } from "@mlxterp/mlx";
import { bootstrapMean, createGrid, createTable, type Label, labelText, type Note, parseOptions } from "@mlxterp/results"; // biome-ignore format: one import
import { pickRows, type Rows } from "../directions/matrix.js";
import { type Pooling, readRows } from "../directions/read-rows.js";
import { askedOf } from "../shared/asked.js";
import { type ClassPairs, classPairs } from "../shared/classes.js";
import { inBatches, mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { positionLabels, promptIds } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { attentionScores, type States } from "./attention-probe.js";
import { accuracy, auroc, foldsOf } from "./judge.js";
import { fit, scoresOf } from "./linear-probe.js";
import { type AskedProbe, type ProbeOptions, probeOptions, probeSites } from "./options.js";
import type { ProbeResult } from "./result.js";

/**
 * Probes every layer.
 *
 * @param input `clean` prompts are of class 1, `corrupted` ones of class 0
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`), UnknownSiteError
 *   (`UNKNOWN_SITE`) for neurons of a model that has none; the signal's reason
 * @example
 * const { pairs } = builtInTask(model, "facts", { size: 6 });
 * const { grids } = await probe(model, pairs, { layers: [2], folds: 3 });
 * valueAt(grids.train, { layer: 2, position: "last" }); // 1
 */
export async function probe(
  model: AnalysisModel,
  input: PatchingPrompts,
  options?: ProbeOptions,
): Promise<ProbeResult> {
  const asked = parseOptions("probe", probeOptions, options);
  const pairs = classPairs(model, input);
  const layers = select("Layer", asked.layers, model.anatomy.layers);
  const position = positionsOf(model, pairs, asked);
  const found = await cellsOf(model, pairs, layers, asked);
  const labels = { layer: layers, position };
  const grid = (pick: (cell: CellResult) => number) =>
    createGrid({ labels, values: found.map(pick), unit: "share", neutral: 0.5 });
  const intervals = found.map(({ byPair }) => bootstrapMean(byPair));
  const low = Float64Array.from(intervals, (one) => one?.low ?? Number.NaN);
  const high = Float64Array.from(intervals, (one) => one?.high ?? Number.NaN);
  const best = found.map((cell, at) => ({
    layer: layers[Math.floor(at / position.length)],
    position: labelText(position[at % position.length]),
    accuracy: cell.accuracy,
    control: cell.control,
  }));
  best.sort((a, b) => (b.accuracy || 0) - (a.accuracy || 0) || a.layer - b.layer);
  const selectivity = found.map((cell) => cell.accuracy - cell.control);
  return {
    method: "probe",
    asked: askedOf(asked),
    fed: pairs.fed,
    grids: {
      accuracy: {
        ...grid((cell) => cell.accuracy),
        ...(pairs.positive.length > 1 && { low, high }),
      },
      auroc: grid((cell) => cell.auroc),
      train: grid((cell) => cell.train),
      control: grid((cell) => cell.control),
      selectivity: createGrid({ labels, values: selectivity, unit: "share", neutral: 0 }),
      ...(asked.longer !== undefined && { longer: grid((cell) => cell.longer) }),
    },
    tables: { best: createTable(["layer", "position", "accuracy", "control"], best.slice(0, 5)) },
    notes: notesOf(pairs, asked),
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

function notesOf({ positive }: ClassPairs, { folds }: AskedProbe): Note[] {
  if (positive.length === 1) {
    return [{ code: "NOT_HELD_OUT", text: "one pair: nothing can be held out, and any two prompts can be told apart. Give more pairs." }]; // biome-ignore format: one note
  }
  if (positive.length >= 2 * folds) return [];
  return [{ code: "FEW_PAIRS", text: `${positive.length} pairs: each accuracy is of few prompts; see its interval.` }]; // biome-ignore format: one note
}

function positionsOf(model: AnalysisModel, pairs: ClassPairs, { positions }: AskedProbe): Label[] {
  if (typeof positions === "string" && positions !== "each") return [positions];
  const ids = pairs.positive[0];
  const all = [...pairs.positive, ...pairs.negative];
  if (all.some(({ length }) => length !== ids.length)) {
    if (positions !== "each") return [...positions];
    throw new InvalidArgumentError("positions", positions, "needs prompts of one length; choose last, mean or max."); // biome-ignore format: one line
  }
  const chosen = positions === "each" ? undefined : positions;
  const at = select("Position", chosen, ids.length, "a prompt");
  return pairs.positive.length > 1 ? at : positionLabels(model, ids, at);
}

function poolingOf({ positions }: AskedProbe, length: number): Pooling[] {
  if (positions === "last") return [-1];
  if (positions === "mean" || positions === "max") return [positions];
  if (positions === "each") return range(length);
  return [...(positions as readonly number[])];
}

interface CellResult {
  readonly accuracy: number;
  readonly auroc: number;
  readonly train: number;
  readonly control: number;
  readonly longer: number;
  /** Held-out accuracy of each pair. */
  readonly byPair: readonly number[];
}

/** Layer by layer, and within it position by position. */
async function cellsOf(
  model: AnalysisModel,
  pairs: ClassPairs,
  layers: readonly number[],
  asked: AskedProbe,
): Promise<CellResult[]> {
  const prompts = pairs.positive.flatMap((ids, index) => [ids, pairs.negative[index]]); // rows 2i and 2i + 1
  const before = asked.longer === undefined ? undefined : promptIds(model, [asked.longer])[0];
  const longer = before && prompts.map((ids) => [...before, ...withoutStart(ids, before)]);
  const sites = layers.map((layer) => probeSites[asked.site].replace("*", `${layer}`));
  const plan = { sites, batchSize: asked.batchSize, signal: asked.signal };
  if (asked.positions === "attention") {
    const [own, other] = [await readStates(model, prompts, plan), longer && (await readStates(model, longer, plan))]; // biome-ignore format: one line
    return eachCell(
      own.map((states, at) => ({ states, longer: other?.[at] })),
      pairs,
      asked,
    );
  }
  const pooling = poolingOf(asked, prompts[0].length);
  const rows = (await readRows(model, prompts, { ...plan, pooling })).flat();
  const fromEnd = pooling.map((one) => (typeof one === "number" && one >= 0 ? one - prompts[0].length : one)); // biome-ignore format: one line
  const others = longer && (await readRows(model, longer, { ...plan, pooling: fromEnd })).flat();
  if (!rows.every(({ values }) => values.every(Number.isFinite))) {
    throw await notFiniteError(
      "Activations",
      model,
      prompts.map((ids) => [...ids]),
    );
  }
  return eachCell(
    rows.map((own, at) => ({ rows: own, longer: others?.[at] })),
    pairs,
    asked,
  );
}

/** A text before a prompt takes the place of what its tokenizer puts before every text. */
function withoutStart(ids: readonly number[], before: readonly number[]): readonly number[] {
  return ids[0] === before[0] ? ids.slice(1) : ids;
}

type Cell =
  | { readonly rows: Rows; readonly longer: Rows | undefined }
  | { readonly states: States; readonly longer: States | undefined };

async function eachCell(
  cells: readonly Cell[],
  pairs: ClassPairs,
  asked: AskedProbe,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const cell of cells) {
    asked.signal?.throwIfAborted();
    results.push(await judgeCell(cell, pairs.positive.length, asked));
    asked.onProgress?.({ done: results.length, total: cells.length, stage: "probes" });
  }
  return results;
}

async function judgeCell(cell: Cell, count: number, asked: AskedProbe): Promise<CellResult> {
  const all = range(2 * count);
  const labels = all.map((at) => 1 - (at % 2));
  const run = async (own: readonly number[], onLonger = false) =>
    heldOut(cell, own, { count, asked, onLonger });
  const fitted = await score(cell, { train: all, labels, test: all, asked });
  const scores = count > 1 ? await run(labels) : undefined;
  const controls: number[] = [];
  for (let draw = 0; draw < (count > 1 ? asked.nulls : 0); draw++) {
    const random = uniformNumbers(asked.seed * 7919 + draw + 1);
    const turned: number[] = range(count).map(() => (random() < 0.5 ? 1 : 0));
    if (turned.every((one) => one === turned[0])) turned[0] = 1 - turned[0];
    const own = all.map((at) => (labels[at] + turned[Math.floor(at / 2)]) % 2);
    controls.push(accuracy(await run(own), own));
  }
  const right = (at: number) => (scores && scores[at] > 0 === labels[at] > 0 ? 1 : 0);
  return {
    accuracy: scores ? accuracy(scores, labels) : Number.NaN,
    auroc: scores ? auroc(scores, labels) : Number.NaN,
    train: accuracy(fitted, labels),
    control: controls.length > 0 ? mean(controls) : Number.NaN,
    longer: scores && cell.longer ? accuracy(await run(labels, true), labels) : Number.NaN,
    byPair: scores ? range(count).map((pair) => (right(2 * pair) + right(2 * pair + 1)) / 2) : [],
  };
}

interface HeldOut {
  readonly count: number;
  readonly asked: AskedProbe;
  readonly onLonger: boolean;
}

/** The score of every prompt by a probe that has not seen its pair. */
async function heldOut(
  cell: Cell,
  labels: readonly number[],
  { count, asked, onLonger }: HeldOut,
): Promise<Float64Array> {
  const folds = Math.min(asked.folds, count);
  const fold = foldsOf(count, folds, uniformNumbers(asked.seed));
  const scores = new Float64Array(2 * count);
  for (const part of range(folds)) {
    const [train, test] = [false, true].map((held) =>
      range(2 * count).filter((at) => (fold[Math.floor(at / 2)] === part) === held),
    );
    const found = await score(cell, { train, labels, test, asked, onLonger });
    for (const [place, at] of test.entries()) scores[at] = found[place];
  }
  return scores;
}

interface Split {
  readonly train: readonly number[];
  readonly labels: readonly number[];
  readonly test: readonly number[];
  readonly asked: AskedProbe;
  readonly onLonger?: boolean;
}

async function score(cell: Cell, { train, labels, test, asked, onLonger = false }: Split) {
  const own = train.map((at) => labels[at]);
  if ("rows" in cell) {
    const read = onLonger && cell.longer ? cell.longer : cell.rows;
    return scoresOf(fit(pickRows(cell.rows, train), own, asked), pickRows(read, test));
  }
  const read = onLonger && cell.longer ? cell.longer : cell.states;
  return Float64Array.from(await attentionScores(pickStates(cell.states, train), own, pickStates(read, test))); // biome-ignore format: one line
}

function pickStates({ value, lengths }: States, rows: readonly number[]): States {
  return {
    value: mx.take(value, mx.array([...rows], mx.int32), 0),
    lengths: rows.map((at) => lengths[at]),
  };
}

interface StatePlan {
  readonly sites: readonly string[];
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** [site]: the padded states of all prompts. */
async function readStates(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
  { sites, batchSize, signal }: StatePlan,
): Promise<States[]> {
  const width = Math.max(...prompts.map(({ length }) => length));
  const parts = sites.map((): ReturnType<typeof mx.zeros>[] => []);
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    using cache = await model.run(batch as number[][], { save: sites as string[] });
    for (const [at, site] of sites.entries()) {
      const value = cache.get(site).astype(mx.float32);
      const missing = width - value.shape[1];
      parts[at].push(missing > 0 ? mx.pad(value, [[0, 0], [0, missing], [0, 0]]) : value); // biome-ignore format: one line
    }
    await evaluate(parts.flat());
  }
  const lengths = prompts.map(({ length }) => length);
  return parts.map((list) => ({ value: mx.concatenate(list, 0), lengths }));
}
