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
import { bootstrapMean, createGrid, createTable, parseOptions } from "@mlxterp/results";
import { InvalidArgumentError } from "@mlxterp/results/errors";
import { askedOf } from "../shared/asked.js";
import { type ClassPairs, classPairs } from "../shared/classes.js";
import { mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { type ManyPrompts, type OnePrompt, promptIds } from "../shared/prompts.js";
import { stoppable } from "../shared/stoppable.js";
import { arrangePrompts } from "./arrange-prompts.js";
import { judgedRows } from "./judged-rows.js";
import { type AskedSteering, type SteerOptions, steerOptions } from "./options.js";
import type { SteerResult } from "./result.js";
import { effectsOf, holdStreams, surpriseOf } from "./steered-runs.js";
import { vectorsOf } from "./steering-vectors.js";
import { type Cell, sweep } from "./sweep.js";

/**
 * Sweeps layers and strengths. With several pairs the direction is from the first half of them, and the corrupted prompts of the second half
 * are steered.
 *
 * @param input `clean` prompts are what is steered towards; prompts of a pair may differ in length, and `spans` mark what stands for what
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
  const { from, steered, answers, notes, kept } = arrangePrompts(model, pairs, asked);
  const vectors = await vectorsOf(model, from, asked);
  const layers = vectors.map(({ layer }) => layer);
  const texts = asked.texts ? promptIds(model, asked.texts as ManyPrompts as readonly OnePrompt[]) : [...pairs.positive, ...pairs.negative]; // biome-ignore format: one line
  if (!texts.some(({ length }) => length > 1)) {
    const rule =
      "fluency is how well each token follows those before it, and no text has two tokens; give longer ones.";
    throw new InvalidArgumentError("texts", texts, rule);
  }
  const held = {
    prompts: await holdStreams(model, judgedRows(steered, answers), layers, asked),
    texts: await holdStreams(model, texts.map((ids) => ({ ids })), layers, asked),
  }; // biome-ignore format: one object
  const asItIs = { layer: layers[0], vector: undefined };
  const plain = mean(await effectsOf(model, held.prompts, asItIs));
  const plainCost = await surpriseOf(model, held.texts, asItIs);
  const cells = await sweep(model, held, { vectors, asked, plainCost });
  if (!cells.every(({ effect, cost }) => Number.isFinite(effect) && Number.isFinite(cost))) {
    throw await notFiniteError("Effects", model, steered as number[][]);
  }
  const rows = [{ what: "as it is", effect: plain }];
  if (asked.instruction !== undefined) {
    const [words] = promptIds(model, [asked.instruction]);
    const asking = judgedRows(steered.map((ids) => behind(words, ids)), answers); // biome-ignore format: one line
    const own = await holdStreams(model, asking, [0], asked);
    const effects = await effectsOf(model, own, { layer: 0, vector: undefined });
    rows.push({ what: "asked in words", effect: mean(effects) });
  }
  return {
    method: "steer",
    asked: askedOf(asked, kept),
    fed: pairs.fed,
    grids: gridsOf(cells, { layer: layers, strength: asked.strengths }, plain),
    tables: {
      baselines: createTable(["what", "effect"], rows),
      best: createTable(["layer", "strength", "effect", "cost", "nullEffect", "nullHigh"], bestOf(cells, asked.most)), // biome-ignore format: one line
    },
    notes,
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** Words take the place of what the tokenizer puts before every text. */
function behind(words: readonly number[], ids: readonly number[]): number[] {
  return [...words, ...(ids[0] === words[0] ? ids.slice(1) : ids)];
}

function gridsOf(
  cells: readonly Cell[],
  labels: { readonly layer: readonly number[]; readonly strength: readonly number[] },
  plain: number,
): SteerResult["grids"] {
  const grid = (pick: (cell: Cell) => number, neutral: number) =>
    createGrid({ labels, values: cells.map(pick), unit: "nats", neutral });
  const bounds = (pick: (cell: Cell) => { readonly low: number; readonly high: number } | undefined) => {
    const found = cells.map(pick);
    if (!found.every((one) => one !== undefined)) return {};
    return { low: Float64Array.from(found, ({ low }) => low), high: Float64Array.from(found, ({ high }) => high) };
  }; // biome-ignore format: one function
  return {
    effect: { ...grid(({ effect }) => effect, plain), ...bounds(({ each }) => bootstrapMean(each)) },
    cost: grid(({ cost }) => cost, 0),
    nullEffect: {
      ...grid(({ nullEffect }) => nullEffect, plain),
      ...bounds(({ nullLow, nullHigh }) => (Number.isNaN(nullLow) ? undefined : { low: nullLow, high: nullHigh })),
    },
    nullCost: grid(({ nullCost }) => nullCost, 0),
  }; // biome-ignore format: one object
}

function bestOf(cells: readonly Cell[], most: number) {
  const allowed = cells.filter(({ cost }) => cost <= most);
  const best = [...allowed].sort((a, b) => b.effect - a.effect).slice(0, 1);
  return best.map(({ layer, strength, effect, cost, nullEffect, nullHigh }) => ({ layer, strength, effect, cost, nullEffect, nullHigh })); // biome-ignore format: one row
}
