/** Probes of every layer and position: fitted to all pairs but some, judged on those, and the same on control tasks. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, mx, uniformNumbers } from "@mlxterp/mlx";
import { pickRows, type Rows } from "../directions/matrix.js";
import { type ReadPosition, readPlaces } from "../directions/read-places.js";
import { type Pooling, readRows } from "../directions/read-rows.js";
import type { ClassPairs } from "../shared/classes.js";
import { inBatches, mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { promptIds } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { attentionScores, type States } from "./attention-probe.js";
import { accuracy, auroc } from "./judge.js";
import { fit, scoresOf } from "./linear-probe.js";
import { type AskedProbe, probeSites } from "./options.js";
import { type PairGroups, splitsOf } from "./pair-groups.js";

/** What is read of the prompts, positive and negative by turns. */
function poolingOf(pairs: ClassPairs, { positions }: AskedProbe): Pooling[] {
  const all = typeof positions === "string" ? namedPlaces(positions, pairs) : [...positions];
  return all.map((one) => readPlaces(pairs, one));
}

function namedPlaces(positions: string, { positive }: ClassPairs): ReadPosition[] {
  if (positions === "last") return [-1];
  if (positions === "each") return range(positive[0].length);
  return [positions as "mean" | "max" | "spans"];
}

/** The same places where other text stands before the prompts. */
function behindText(pooling: Pooling, prompts: Prompts, longer: Prompts): Pooling {
  if (typeof pooling === "string") return pooling;
  return prompts.map(({ length }, row) => {
    const own = typeof pooling === "number" ? select("Position", [pooling], length, "a prompt") : pooling[row]; // biome-ignore format: one line
    return own.map((at) => at + longer[row].length - length);
  });
}

type Prompts = readonly (readonly number[])[];

/** What is asked, and which pairs are held out together. */
type Judged = AskedProbe & { readonly held: PairGroups };

export interface CellResult {
  readonly accuracy: number;
  readonly auroc: number;
  readonly train: number;
  readonly control: number;
  readonly longer: number;
  /** Held-out accuracy of each pair. */
  readonly byPair: readonly number[];
}

/** Layer by layer, and within it position by position. */
export async function cellsOf(
  model: AnalysisModel,
  pairs: ClassPairs,
  layers: readonly number[],
  asked: Judged,
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
  const pooling = poolingOf(pairs, asked);
  const rows = (await readRows(model, prompts, { ...plan, pooling })).flat();
  const behind = longer && pooling.map((one) => behindText(one, prompts, longer));
  const others = longer && behind && (await readRows(model, longer, { ...plan, pooling: behind })).flat(); // biome-ignore format: one line
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
  asked: Judged,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const cell of cells) {
    asked.signal?.throwIfAborted();
    results.push(await judgeCell(cell, pairs.positive.length, asked));
    asked.onProgress?.({ done: results.length, total: cells.length, stage: "probes" });
  }
  return results;
}

async function judgeCell(cell: Cell, count: number, asked: Judged): Promise<CellResult> {
  const all = range(2 * count);
  const labels = all.map((at) => 1 - (at % 2));
  const { held } = asked;
  const known = held.count > 1;
  const run = (own: readonly number[], onLonger = false) => heldOut(cell, own, asked, onLonger);
  const fitted = await score(cell, { train: all, labels, test: all, asked });
  const scores = known ? await run(labels) : undefined;
  const controls: number[] = [];
  for (let draw = 0; draw < (known ? asked.nulls : 0); draw++) {
    const random = uniformNumbers(asked.seed * 7919 + draw + 1);
    const turned: number[] = range(held.count).map(() => (random() < 0.5 ? 1 : 0));
    if (turned.every((one) => one === turned[0])) turned[0] = 1 - turned[0];
    const own = all.map((at) => (labels[at] + turned[held.of[Math.floor(at / 2)]]) % 2);
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

/** The score of every prompt by a probe that has not seen its pair, nor another of its group. */
async function heldOut(
  cell: Cell,
  labels: readonly number[],
  asked: Judged,
  onLonger: boolean,
): Promise<Float64Array> {
  const scores = new Float64Array(labels.length);
  for (const { train, test } of splitsOf(asked.held, asked.folds, asked.seed)) {
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
  return Float64Array.from(await attentionScores(pickStates(cell.states, train), own, pickStates(read, test), asked.C)); // biome-ignore format: one line
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
