/**
 * A tuned lens beside the logit lens: trained (or read from a folder), and compared on prompts that it has not seen.
 *
 * Read `train-tuned-lens.ts` for what a tuned lens is. What it is worth is how much nearer to the model's own prediction it comes than the
 * logit lens, on other prompts than it was trained on, depth by depth; and that is what is measured here.
 */
import type { Prompt } from "@mlxterp/core";
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { bootstrapMean, createGrid, createTable, parseOptions } from "@mlxterp/results";
import { loadLens, saveLens } from "../lens-translators/lens-files.js";
import { type LensTranslators, requireFittingLens } from "../lens-translators/lens-translators.js";
import { askedOf } from "../shared/asked.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf } from "../shared/prompts.js";
import { compareLenses, type LensDistances } from "./compare-lenses.js";
import { lensTexts } from "./lens-texts.js";
import { type AskedTunedLens, type TunedLensOptions, tunedLensOptions } from "./options.js";
import type { TunedLensResult } from "./result.js";
import { trainTunedLens } from "./train-tuned-lens.js";

/**
 * Trains a tuned lens, or reads one, and says how far it and the logit lens are from the final prediction.
 *
 * @param input prompts, of which some are held out; with `texts`, `file` or `lens` all of them are
 * @returns divergence by lens and layer, and the losses of training; `save` keeps the lens itself
 * @throws what `trainTunedLens` and `loadLens` throw
 * @example
 * const { grids } = await tunedLens(model, ["Mary and John went home", "the capital of Italy is"], { heldOut: 0.5, steps: 5 });
 * valueAt(grids.divergence, { lens: "tuned lens", layer: 0 }); // nats
 */
export async function tunedLens(
  model: AnalysisModel,
  input: Prompt,
  options?: TunedLensOptions,
): Promise<TunedLensResult> {
  const asked = parseOptions("tunedLens", tunedLensOptions, options);
  const { prompts, trained, heldOut, texts, notes } = lensTexts(model, input, asked);
  const losses: (readonly number[])[] = [];
  const lens = await lensOf(model, trained, asked, losses);
  const distances = await compareLenses(model, lens, heldOut, asked);
  if (![...distances.plain.flat(), ...distances.tuned.flat()].every(Number.isFinite)) {
    throw await notFiniteError("Divergences", model, heldOut);
  }
  if (asked.save) await saveLens(lens, asked.save, { format: asked.format });
  // where files are kept is no part of what was asked: a run again writes none
  const { save: _save, checkpoint: _checkpoint, file: _file, ...repeatable } = asked;
  return {
    method: "tuned-lens",
    asked: askedOf(repeatable, { ...(texts && { texts: texts.map((ids) => [...ids]) }) }),
    fed: prompts.map((ids) => fedOf(model, "prompt", ids)),
    ...arranged(distances, losses, { trained: trained.length, heldOut: heldOut.length }),
    notes,
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

async function lensOf(
  model: AnalysisModel,
  trained: readonly number[][],
  asked: AskedTunedLens,
  losses: (readonly number[])[],
): Promise<LensTranslators> {
  if (asked.lens) return requireFittingLens(await loadLens(asked.lens), model.anatomy);
  const { steps, batchSize, learningRate, seed, checkpoint, checkpointEvery, signal } = asked;
  return trainTunedLens(model, trained, {
    ...{ steps, batchSize, learningRate, seed, checkpointEvery },
    ...(checkpoint !== undefined && { checkpoint }),
    ...(signal && { signal }),
    onProgress: ({ done, total, stage, losses: own }) => {
      losses.push(own);
      asked.onProgress?.({ done, total, stage });
    },
  });
}

function arranged(
  { plain, tuned }: LensDistances,
  losses: readonly (readonly number[])[],
  counts: { readonly trained: number; readonly heldOut: number },
): Pick<TunedLensResult, "grids" | "tables"> {
  const layer = range(plain.length).map((depth) => (depth === 0 ? "embedding" : depth - 1));
  const lens = ["logit lens", "tuned lens"];
  const both = [...plain, ...tuned];
  const intervals = both.map((byPrompt) => bootstrapMean(byPrompt));
  const bounds = counts.heldOut > 1 && {
    low: Float64Array.from(intervals, (one) => one?.low ?? Number.NaN),
    high: Float64Array.from(intervals, (one) => one?.high ?? Number.NaN),
  };
  const divergence = createGrid({ labels: { lens, layer }, values: both.map(mean), unit: "nats" });
  const step = losses.map((_, at) => at + 1);
  const rows = layer.map((one, depth) => {
    const nearer = tuned[depth].map((value, prompt) => Number(value < plain[depth][prompt]));
    return { layer: `${one}`, logitLens: mean(plain[depth]), tunedLens: mean(tuned[depth]), nearer: mean(nearer) }; // biome-ignore format: one row
  });
  return {
    grids: {
      divergence: { ...divergence, ...bounds },
      ...(losses.length > 0 && {
        loss: createGrid({ labels: { step, layer }, values: losses.flat(), unit: "nats" }),
      }),
    },
    tables: {
      layers: createTable(["layer", "logitLens", "tunedLens", "nearer"], rows),
      prompts: createTable(["trained", "heldOut"], [counts]),
    },
  };
}
