/**
 * How good a dictionary is: how sparse, how near, and what the model still says with it in the place of its own activations.
 *
 * Caveats. The first token of a prompt is often an outlier, and carries most of the variance: leave it out (`positions: { from: 1 }`). A
 * dictionary that nobody trained explains something too: `nulls` says how much. No single number says whether features mean anything.
 *
 * Source: definitions as SAELens 6 and dictionary_learning compute them, told apart where they differ.
 */
import { checkPositions, type Positions, positionsOf } from "@mlxterp/core";
import type { Dataset, StreamOptions } from "@mlxterp/data";
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  checkPositiveInteger,
  checkSignal,
  checkText,
  InvalidArgumentError,
  klDivergence,
  logProbabilities,
  type MxArray,
  mx,
  release,
  toFlat,
} from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { NoTrainingDataError } from "../shared/errors.js";
import { type DictionaryModel, promptsAsIds } from "../shared/model.js";
import { readSite, writeSite } from "../use/sites.js";
import {
  type BehaviourMeasures,
  type ReconstructionMeasures,
  reconstructionOf,
} from "./measures.js";
import { nullDictionary } from "./nulls.js";
import { addRows, emptyTally, type Tally } from "./tallies.js";

export interface EvaluationOptions extends Pick<StreamOptions, "batchSize" | "signal"> {
  /** Which tokens count; the others keep their own activations. Default all. */
  readonly positions?: Positions;
  /** Whether to see what the model says with it, which takes two more passes; default true. */
  readonly behaviour?: boolean;
  /** Whether the same is told of dictionaries that nobody trained; default false. */
  readonly nulls?: boolean;
  /** Of those; default 0. */
  readonly seed?: number;
  /** Where it reads, if not where its files say. */
  readonly site?: string;
}

/** What is known of one dictionary. */
export interface DictionaryMeasures {
  readonly reconstruction: ReconstructionMeasures;
  /** Undefined where it was not asked for. */
  readonly behaviour: BehaviourMeasures | undefined;
}

export interface DictionaryEvaluation extends DictionaryMeasures {
  /** By kind of null; empty unless asked for. */
  readonly nulls: Readonly<Partial<Record<"random" | "untrained", DictionaryMeasures>>>;
}

/**
 * Measures a dictionary over a dataset, in memory that does not grow with it.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason
 * @example
 * const options = { positions: { from: 1 }, nulls: true } as const;
 * const { reconstruction, nulls } = await evaluateDictionary(model, loadDictionary("tiny"), stories, options);
 * reconstruction.explained > nulls.random!.reconstruction.explained; // true
 */
export async function evaluateDictionary(
  model: DictionaryModel,
  dictionary: Dictionary,
  dataset: Dataset,
  options: EvaluationOptions = {},
): Promise<DictionaryEvaluation> {
  checkDictionary("dictionary", dictionary);
  checkOptions<EvaluationOptions>("evaluateDictionary", options, {
    ...{ positions: checkPositions, batchSize: checkPositiveInteger, signal: checkSignal },
    behaviour: checkBoolean,
    ...{ nulls: checkBoolean, seed: checkInteger, site: checkText },
  });
  checkDataset(dataset);
  const { nulls = false, seed = 0 } = options;
  const kinds = nulls ? (["random", "untrained"] as const) : [];
  const all = [dictionary, ...kinds.map((kind) => nullDictionary(dictionary, kind, seed))];
  const states = all.map((one) => begin(one));
  for await (const prompts of batches(dataset, options.batchSize ?? 8)) {
    options.signal?.throwIfAborted();
    await addBatch(model, states, promptsAsIds(model, prompts as readonly string[]), options);
    await release();
  }
  if (states[0].tally.tokens === 0)
    throw new NoTrainingDataError("dataset", options.batchSize ?? 8, 0);
  const [own, ...others] = states.map(finish);
  return { ...own, nulls: Object.fromEntries(kinds.map((kind, at) => [kind, others[at]])) };
}

/** One dictionary on its way. */
interface State {
  readonly dictionary: Dictionary;
  readonly tally: Tally;
  readonly sums: {
    tokens: number;
    followed: number;
    clean: number;
    replaced: number;
    zero: number;
    kl: number;
    klZero: number;
  };
}

function begin(dictionary: Dictionary): State {
  const { outputWidth, features } = dictionary.config;
  const sums = { tokens: 0, followed: 0, clean: 0, replaced: 0, zero: 0, kl: 0, klZero: 0 };
  return { dictionary, tally: emptyTally(outputWidth, features), sums };
}

function checkDataset(dataset: unknown): void {
  const it = Object(dataset) as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown };
  const streams = typeof it[Symbol.asyncIterator] === "function";
  if (streams || (typeof it[Symbol.iterator] === "function" && typeof dataset !== "string")) return;
  throw new InvalidArgumentError("dataset", dataset, "must be prompts, as a list or one by one.");
}

async function* batches(dataset: Dataset, size: number): AsyncGenerator<unknown[]> {
  let held: unknown[] = [];
  for await (const item of dataset as AsyncIterable<unknown>) {
    held.push(item);
    if (held.length < size) continue;
    yield held;
    held = [];
  }
  if (held.length > 0) yield held;
}

async function addBatch(
  model: DictionaryModel,
  states: readonly State[],
  ids: readonly number[][],
  { positions = { from: 0 }, behaviour = true, site: given }: EvaluationOptions,
): Promise<void> {
  const { config } = states[0].dictionary;
  const site = readSite(model, config, given);
  const place = writeSite(model, config, given);
  const kept = ids.map(({ length }, row) =>
    positionsOf(positions, length, `sequence ${row} of a batch`),
  );
  const longest = Math.max(...ids.map(({ length }) => length));
  const mask = maskOf(kept, longest);
  using clean = await model.run([...ids], {
    save: [...new Set([site, place, ...(behaviour ? ["output"] : [])])],
  });
  const [x, target] = [clean.get(site), clean.get(place)];
  const rows = mx.array(
    kept.flatMap((own, row) => own.map((at) => row * longest + at)),
    mx.int32,
  );
  if (rows.size === 0) return;
  const pick = (array: MxArray) =>
    mx.take(array.reshape([ids.length * longest, array.size / (ids.length * longest)]), rows, 0);
  const scored = behaviour ? scoredPlaces(ids, kept, longest) : undefined;
  const logits = scored && scoredTokens(clean.get("output"), scored);
  const zero =
    scored && scoredTokens(await outputWith(model, ids, place, (y) => mx.zerosLike(y)), scored);
  for (const { dictionary, tally, sums } of states) {
    const features = pick(
      dictionary.encode(x).reshape([ids.length, longest, dictionary.config.features]),
    );
    const y = dictionary.forward(x).reshape(target.shape);
    addRows(tally, features, pick(target).astype(mx.float32), pick(y));
    if (!scored || !logits || !zero) continue;
    const keep = mask.reshape([...mask.shape, ...target.shape.slice(2).map(() => 1)]);
    const mixed = mx.where(mx.equal(keep, 1), y, target);
    const replaced = scoredTokens(await outputWith(model, ids, place, () => mixed), scored);
    sums.tokens += scored.rows.size;
    sums.followed += scored.next.size;
    sums.clean += lossOf(logits, scored);
    sums.replaced += lossOf(replaced, scored);
    sums.zero += lossOf(zero, scored);
    sums.kl += sumOf(klDivergence(logits, replaced));
    sums.klZero += sumOf(klDivergence(logits, zero));
  }
}

/** Tokens that count; which of them have a next one, and what that is. */
interface Scored {
  /** Where they are, in all positions of the batch. */
  readonly rows: MxArray;
  /** Of those with a next one: the place among `rows`. */
  readonly followed: MxArray;
  readonly next: MxArray;
}

function scoredPlaces(
  ids: readonly number[][],
  kept: readonly (readonly number[])[],
  width: number,
): Scored {
  const [rows, followed, next]: [number[], number[], number[]] = [[], [], []];
  kept.forEach((own, row) => {
    for (const at of own) {
      if (at + 1 < ids[row].length) {
        followed.push(rows.length);
        next.push(ids[row][at + 1]);
      }
      rows.push(row * width + at);
    }
  });
  const [places, those, ids32] = [rows, followed, next].map((list) => mx.array(list, mx.int32));
  return { rows: places, followed: those, next: ids32 };
}

/** (scored tokens, vocab) */
function scoredTokens(output: MxArray, { rows }: Scored): MxArray {
  const [batch, width, vocab] = output.shape;
  const logits = mx.take(output.reshape([batch * width, vocab]), rows, 0);
  return logProbabilities(logits);
}

async function outputWith(
  model: DictionaryModel,
  ids: readonly number[][],
  place: string,
  change: (y: MxArray) => MxArray,
): Promise<MxArray> {
  using cache = await model.run([...ids], { save: "output", interventions: { [place]: change } });
  return cache.get("output");
}

function lossOf(logProbability: MxArray, { followed, next }: Scored): number {
  if (next.size === 0) return 0;
  const own = mx.take(logProbability, followed, 0);
  return -sumOf(mx.takeAlongAxis(own, next.reshape([next.size, 1]), 1));
}

/** @param column one number for each token */
function sumOf(column: MxArray): number {
  let sum = 0;
  for (const value of toFlat(column)) sum += value;
  return sum;
}

/** 1 where a token counts, (batch, position). */
function maskOf(kept: readonly (readonly number[])[], width: number): MxArray {
  const rows = kept.map((own) => {
    const row = new Array<number>(width).fill(0);
    for (const at of own) row[at] = 1;
    return row;
  });
  return mx.array(rows);
}

function finish({ tally, sums }: State): DictionaryMeasures {
  const { tokens, followed, clean, replaced, zero, kl, klZero } = sums;
  const behaviour = {
    ...{
      lossClean: clean / followed,
      lossReplaced: replaced / followed,
      lossZero: zero / followed,
    },
    lossRecovered: (zero - replaced) / (zero - clean),
    ...{ divergence: kl / tokens, divergenceZero: klZero / tokens },
    divergenceRecovered: 1 - kl / klZero,
  };
  return {
    reconstruction: reconstructionOf(tally),
    behaviour: followed > 0 ? behaviour : undefined,
  };
}
