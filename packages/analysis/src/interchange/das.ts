/**
 * Interchange interventions on learned subspaces (distributed alignment search): which directions carry a variable.
 *
 * A variable of a causal model says what a prompt is continued by when that variable alone comes from another prompt. A rotation is learned so that
 * exchanging a few of its coordinates, at one layer and position, makes the model answer so. How often it does, on pairs that were not learned
 * from, is the interchange accuracy.
 *
 * Caveats. With enough freedom a subspace is found that works through directions that the model does not use by itself: keep `size` small, and
 * compare with the same of a model of random weights. A subspace can only be found where the whole activation carries the variable: see `whole`.
 * Both answers of a pair must differ; the untouched accuracy is then near 0, not near one half.
 *
 * Source: Geiger et al. 2023, "Finding Alignments Between Interpretable Causal Variables and Distributed Neural Representations", arXiv 2303.02536;
 * boundless: Wu et al. 2023, arXiv 2305.08809; illusions: Makelov et al. 2023, arXiv 2311.17030.
 */
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { bootstrapMean, createGrid, createTable, type Note, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, type PromptPair, resolvePairs } from "../shared/pairs.js";
import { select } from "../shared/select.js";
import { stoppable } from "../shared/stoppable.js";
import { randomOrthonormal, type Subspace } from "./mix.js";
import { type AskedDas, type DasOptions, dasOptions } from "./options.js";
import type { DasResult } from "./result.js";
import { holdPairs, type InterchangePair, outcomes } from "./runs.js";
import { learnSubspace } from "./train.js";

/** A subspace that was learned. */
export interface Alignment {
  readonly layer: number;
  /** (hidden, k), orthonormal columns; undefined for a mask of the plain basis. */
  readonly rotation: MxArray | undefined;
  /** (hidden), of 0 and 1; undefined where all of the subspace is exchanged. */
  readonly mask: MxArray | undefined;
}

/**
 * Learns a subspace for every layer and position, and judges it on pairs that were held out: every second one, where there are several.
 *
 * @param input `clean` are the bases, `corrupted` the sources of the variable
 * @throws AnswerTokenError (`ANSWER_TOKEN`), UnequalLengthError (`UNEQUAL_LENGTH`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`),
 *   InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 12 });
 * const { grids } = await das(model, pairs, { ...question, layers: [2], steps: 30 });
 * valueAt(grids.accuracy, { layer: 2, position: -1 }) > valueAt(grids.random, { layer: 2, position: -1 }); // true
 */
export async function das(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: DasOptions,
): Promise<DasResult> {
  const asked = parseOptions("das", dasOptions, options);
  const { pairs, notes, asked: answers } = resolvePairs(model, input, asked, { spans: true });
  const { train, test } = splitOf(pairs);
  const layers = select("Layer", asked.layers, model.anatomy.layers);
  const cells: Cell[] = [];
  for (const layer of layers) {
    for (const position of asked.positions) {
      asked.signal?.throwIfAborted();
      const split = { train, test, layer, position };
      cells.push(await stoppable(asked.signal, () => judge(model, split, asked)));
      asked.onProgress?.({ done: cells.length, total: layers.length * asked.positions.length, stage: "interchange" }); // biome-ignore format: one line
    }
  }
  const labels = { layer: layers, position: asked.positions };
  const grid = (pick: (cell: Cell) => number) => createGrid({ labels, values: cells.map(pick), unit: "share" }); // biome-ignore format: one line
  const intervals = cells.map(({ byPair }) => bootstrapMean(byPair));
  const low = Float64Array.from(intervals, (one) => one?.low ?? Number.NaN);
  const high = Float64Array.from(intervals, (one) => one?.high ?? Number.NaN);
  const [{ untouched }] = cells;
  return {
    method: "das",
    asked: askedOf(asked, answers),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: {
      accuracy: { ...grid(({ byPair }) => mean(byPair)), ...(test.length > 1 && { low, high }) },
      random: grid(({ random }) => random),
      whole: grid(({ whole }) => whole),
      train: grid(({ fitted }) => fitted),
      dimensions: createGrid({ labels, values: cells.map(({ dimensions }) => dimensions), unit: "count" }), // biome-ignore format: one line
    },
    tables: {
      untouched: createTable(
        ["pairs", "count", "accuracy"],
        [
          { pairs: "learned from", count: train.length, accuracy: untouched.train },
          { pairs: "held out", count: test.length, accuracy: untouched.test },
        ],
      ),
    },
    notes: [...notes, ...pairNotes(pairs)],
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/**
 * The subspace of one layer and position itself, learned from all pairs.
 *
 * @throws as `das`
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 6 });
 * const { rotation } = await learnAlignment(model, pairs, { ...question, layers: [2], steps: 10 });
 * rotation?.shape; // [128, 1]
 */
export async function learnAlignment(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: DasOptions,
): Promise<Alignment> {
  const asked = parseOptions("learnAlignment", dasOptions, options);
  const { pairs } = resolvePairs(model, input, asked, { spans: true });
  const [layer] = select("Layer", asked.layers ?? [-1], model.anatomy.layers);
  const held = await holdPairs(model, pairs.map(plain), layer, asked.positions[0]);
  const { rotation, mask } = await learnSubspace(model, held, asked);
  return { layer, rotation, mask };
}

function plain({ clean, corrupted, answer, wrongAnswer, aligned }: PromptPair): InterchangePair {
  return {
    clean: clean.ids,
    corrupted: corrupted.ids,
    answer: answer.set,
    wrongAnswer: wrongAnswer!.set, // the options demand one
    ...(aligned && { aligned }),
  };
}

function splitOf(pairs: readonly PromptPair[]) {
  const all = pairs.map(plain);
  if (all.length === 1) return { train: all, test: all };
  return { train: all.filter((_, at) => at % 2 === 0), test: all.filter((_, at) => at % 2 === 1) };
}

function pairNotes(pairs: readonly PromptPair[]): Note[] {
  if (pairs.length > 1) return [];
  return [{ code: "NOT_HELD_OUT", text: "one pair: it is judged by what it was learned from. Give more pairs." }]; // biome-ignore format: one note
}

interface Cell {
  /** Of held-out pairs, 1 where the exchange does what the causal model says. */
  readonly byPair: readonly number[];
  readonly random: number;
  readonly whole: number;
  readonly fitted: number;
  readonly dimensions: number;
  readonly untouched: { readonly train: number; readonly test: number };
}

interface Place {
  readonly train: readonly InterchangePair[];
  readonly test: readonly InterchangePair[];
  readonly layer: number;
  readonly position: number;
}

async function judge(
  model: AnalysisModel,
  { train, test, layer, position }: Place,
  asked: AskedDas,
): Promise<Cell> {
  const own = await holdPairs(model, train, layer, position);
  const others = await holdPairs(model, test, layer, position);
  const share = async (held: typeof own, part: Subspace | undefined) =>
    mean((await outcomes(model, held, part)).map(Number));
  const part = await learnSubspace(model, own, asked);
  const { hidden } = model.anatomy;
  const dimensions = part.mask
    ? Number(mx.sum(part.mask).item())
    : (part.rotation?.shape[1] ?? hidden);
  if (!Number.isFinite(dimensions)) {
    throw await notFiniteError(
      "Subspaces",
      model,
      train.map(({ clean }) => [...clean]),
    );
  }
  const draws: number[] = [];
  for (const draw of range(asked.nulls)) {
    const k = Math.max(1, Math.min(hidden, dimensions));
    const rotation = randomOrthonormal(hidden, k, asked.seed * 1013 + draw + 1);
    draws.push(await share(others, { rotation }));
  }
  return {
    byPair: (await outcomes(model, others, part)).map(Number),
    random: draws.length > 0 ? mean(draws) : Number.NaN,
    whole: await share(others, {}),
    fitted: await share(own, part),
    dimensions,
    untouched: { train: await share(own, undefined), test: await share(others, undefined) },
  };
}
