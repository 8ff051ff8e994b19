/**
 * Steering: what adding a direction does, layer by layer and strength by strength, and what it costs.
 *
 * A direction between two classes of prompts is found on some pairs and added while other prompts run. Beside every effect stand its cost,
 * how much more surprising plain text becomes to the model, and what a direction at random of the same length does; beside the whole sweep
 * what it does to ask for the same in words.
 *
 * Caveats. A strong push raises anything, and breaks everything: look at effects of like cost. Words often do better than vectors
 * (`instruction`). A direction from one pair has all of what the two prompts differ in; from many pairs, what they have in common.
 * `pcaDifference`, which `repeng` uses, removes the mean difference before it looks, and can be at right angles to it.
 *
 * Source: Turner et al. 2023, arXiv 2308.10248; Rimsky et al. 2023, "Steering Llama 2 via Contrastive Activation Addition", arXiv 2312.06681; Zou
 * et al. 2023, "Representation Engineering", arXiv 2310.01405; what words do: Wu et al. 2025, "AxBench", arXiv 2501.17148.
 */
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { createGrid, createTable, type Note, parseOptions } from "@mlxterp/results";
import { resolveAnswers } from "../shared/answers.js";
import { askedOf } from "../shared/asked.js";
import { type ClassPairs, classPairs } from "../shared/classes.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { type ManyPrompts, type OnePrompt, promptIds } from "../shared/prompts.js";
import { stoppable } from "../shared/stoppable.js";
import { type AskedSteering, type SteerOptions, steerOptions } from "./options.js";
import type { SteerResult } from "./result.js";
import { effectOf, holdStreams, type JudgedTokens, randomDirections, surpriseOf } from "./steered-runs.js"; // biome-ignore format: one import
import { type SteeringVector, vectorsOf } from "./steering-vectors.js";

/**
 * Sweeps layers and strengths. With several pairs the direction is from the first half of them, and the corrupted prompts of the second half
 * are steered.
 *
 * @param input `clean` prompts are what is steered towards
 * @throws AnswerTokenError (`ANSWER_TOKEN`), InvalidArgumentError (`INVALID_ARGUMENT`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError
 *   (`NOT_FINITE`); the signal's reason
 * @example
 * const { pairs, question } = builtInTask(model, "agreement", { size: 8 });
 * const { tables } = await steer(model, pairs, { ...question, layers: [1, 2], strengths: [0.5, 1] });
 * tables.baselines.rows[0].what; // "as it is"
 */
export async function steer(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: SteerOptions,
): Promise<SteerResult> {
  const asked = parseOptions("steer", steerOptions, options);
  return stoppable(asked.signal, () => steerAll(model, classPairs(model, input), asked));
}

async function steerAll(
  model: AnalysisModel,
  pairs: ClassPairs,
  asked: AskedSteering,
): Promise<SteerResult> {
  const { from, steered, tokens, notes } = arrangePrompts(model, pairs, asked);
  const vectors = await vectorsOf(model, from, asked);
  const layers = vectors.map(({ layer }) => layer);
  const texts = asked.texts ? promptIds(model, asked.texts as ManyPrompts as readonly OnePrompt[]) : [...pairs.positive, ...pairs.negative]; // biome-ignore format: one line
  const held = {
    prompts: await holdStreams(model, steered, layers, asked.batchSize),
    texts: await holdStreams(model, texts, layers, asked.batchSize),
  };
  const asItIs = { layer: layers[0], vector: undefined };
  const plain = {
    effect: await effectOf(model, held.prompts, asItIs, tokens),
    cost: await surpriseOf(model, held.texts, asItIs),
  };
  const random = await randomDirections(asked.nulls, model.anatomy.hidden, asked.seed);
  const cells: Cell[] = [];
  for (const vector of vectors) {
    for (const strength of asked.strengths) {
      asked.signal?.throwIfAborted();
      const own = [
        fromFlat(Float32Array.from(vector.direction), [vector.direction.length]),
        ...random,
      ];
      const found: Pushed[] = [];
      for (const direction of own) found.push(await push(model, held, { vector, strength, direction, tokens })); // biome-ignore format: one line
      cells.push(cellOf(found, plain.cost));
      asked.onProgress?.({ done: cells.length, total: vectors.length * asked.strengths.length, stage: "steering" }); // biome-ignore format: one line
    }
  }
  if (!cells.every(({ effect, cost }) => Number.isFinite(effect) && Number.isFinite(cost))) {
    throw await notFiniteError("Effects", model, steered as number[][]);
  }
  const labels = { layer: layers, strength: asked.strengths };
  const grid = (pick: (cell: Cell) => number, neutral: number) =>
    createGrid({ labels, values: cells.map(pick), unit: "nats", neutral });
  return {
    method: "steer",
    asked: askedOf(asked, { answer: [...tokens.answer], wrongAnswer: tokens.wrongAnswer && [...tokens.wrongAnswer] }), // biome-ignore format: one line
    fed: pairs.fed,
    grids: {
      effect: grid(({ effect }) => effect, plain.effect),
      cost: grid(({ cost }) => cost, 0),
      nullEffect: grid(({ nullEffect }) => nullEffect, plain.effect),
      nullCost: grid(({ nullCost }) => nullCost, 0),
    },
    tables: {
      baselines: createTable(["what", "effect"], await baselines(model, { plain: plain.effect, steered, tokens, asked })), // biome-ignore format: one line
      best: createTable(["layer", "strength", "effect", "cost", "nullEffect"], bestOf(cells, labels, asked.most)), // biome-ignore format: one line
    },
    notes,
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

interface Arranged {
  readonly from: Pick<ClassPairs, "positive" | "negative">;
  readonly steered: readonly (readonly number[])[];
  readonly tokens: JudgedTokens;
  readonly notes: readonly Note[];
}

/** Which pairs the direction is from, and which prompts are steered. */
function arrangePrompts(model: AnalysisModel, pairs: ClassPairs, asked: AskedSteering): Arranged {
  const { positive, negative } = pairs;
  const count = positive.length;
  const half = Math.ceil(count / 2);
  const whole = asked.prompts !== undefined || count === 1;
  const kept = whole ? range(count) : range(half);
  const others = whole ? range(count) : range(count).slice(half);
  const steered = asked.prompts ? promptIds(model, asked.prompts as ManyPrompts as readonly OnePrompt[]) : others.map((at) => negative[at]); // biome-ignore format: one line
  const forPairs = !asked.prompts;
  const resolve = (given: AskedSteering["answer"], name: string) => {
    const all = forPairs ? negative : steered;
    const ids = resolveAnswers(model, given, all as number[][], name);
    return { all: ids.map(({ token }) => token.id), notes: ids.flatMap((one) => one.notes) };
  };
  const answer = resolve(asked.answer, "answer");
  const wrong = asked.wrongAnswer === undefined ? undefined : resolve(asked.wrongAnswer, "wrongAnswer"); // biome-ignore format: one line
  const own = (ids: readonly number[]) => (forPairs ? others.map((at) => ids[at]) : [...ids]);
  const notes = [...answer.notes, ...(wrong?.notes ?? [])];
  if (count === 1 && forPairs) {
    notes.push({ code: "ONE_PAIR", text: "one pair: the prompt that is steered is the one that the direction is from. Give more pairs, or other prompts." }); // biome-ignore format: one line
  }
  return {
    from: { positive: kept.map((at) => positive[at]), negative: kept.map((at) => negative[at]) },
    steered,
    tokens: { answer: own(answer.all), wrongAnswer: wrong && own(wrong.all) },
    notes: [...new Map(notes.map((note) => [note.text, note])).values()],
  };
}

interface Pushed {
  readonly effect: number;
  readonly cost: number;
}

async function push(
  model: AnalysisModel,
  held: Readonly<Record<"prompts" | "texts", Awaited<ReturnType<typeof holdStreams>>>>,
  given: {
    readonly vector: SteeringVector;
    readonly strength: number;
    readonly direction: MxArray;
    readonly tokens: JudgedTokens;
  },
): Promise<Pushed> {
  const { vector, strength, direction, tokens } = given;
  const one = { layer: vector.layer, vector: mx.multiply(direction, strength * vector.length) };
  return {
    effect: await effectOf(model, held.prompts, one, tokens),
    cost: await surpriseOf(model, held.texts, one),
  };
}

interface Cell extends Pushed {
  readonly nullEffect: number;
  readonly nullCost: number;
}

function cellOf([own, ...nulls]: readonly Pushed[], plain: number): Cell {
  const of = (pick: (one: Pushed) => number) =>
    nulls.length > 0 ? mean(nulls.map(pick)) : Number.NaN;
  return {
    effect: own.effect,
    cost: own.cost - plain,
    nullEffect: of(({ effect }) => effect),
    nullCost: of(({ cost }) => cost) - plain,
  };
}

function bestOf(
  cells: readonly Cell[],
  { layer, strength }: { readonly layer: readonly number[]; readonly strength: readonly number[] },
  most: number,
) {
  const rows = cells.map(({ effect, cost, nullEffect }, at) => ({
    layer: layer[Math.floor(at / strength.length)],
    strength: strength[at % strength.length],
    effect,
    cost,
    nullEffect,
  }));
  const allowed = rows.filter(({ cost }) => cost <= most).sort((a, b) => b.effect - a.effect);
  return allowed.slice(0, 1);
}

interface Baseline {
  readonly plain: number;
  readonly steered: readonly (readonly number[])[];
  readonly tokens: JudgedTokens;
  readonly asked: AskedSteering;
}

async function baselines(model: AnalysisModel, { plain, steered, tokens, asked }: Baseline) {
  const rows = [{ what: "as it is", effect: plain }];
  if (asked.instruction === undefined) return rows;
  const [words] = promptIds(model, [asked.instruction]);
  const asking = steered.map((ids) => [...words, ...(ids[0] === words[0] ? ids.slice(1) : ids)]);
  const held = await holdStreams(model, asking, [0], asked.batchSize);
  const effect = await effectOf(model, held, { layer: 0, vector: undefined }, tokens);
  return [...rows, { what: "asked in words", effect }];
}
