/**
 * Layer-by-layer readout of the residual stream (logit lens).
 *
 * Every layer adds to the residual stream, and the last of it goes through the final norm and the unembedding to
 * become a prediction. The lens sends the stream of every earlier layer the same way: what would the model say if
 * it stopped here? Often the answer appears at some depth and only gains weight afterwards.
 *
 * With `translators` each earlier stream first goes through a map of its own: of a tuned lens, trained to predict what the model
 * says in the end, or of a Jacobian lens, which follows what a small change here does there.
 *
 * Caveats. The last row is the model's own prediction, the others are what a reader made for the last layer makes of
 * earlier ones: a token that is absent may still be encoded in another basis, and early rows of some families (GPT-Neo,
 * OPT, BLOOM) are nonsense. A probability that rises is no proof that this layer computed it: patch to find out.
 *
 * Source: nostalgebraist 2020, "interpreting GPT: the logit lens" (LessWrong); its failures and the trained
 * alternative: Belrose et al. 2023, "Eliciting Latent Predictions from Transformers with the Tuned Lens", arXiv 2303.08112.
 */

import { checkModel, type Prompt } from "@mlxterp/core";
import { parseOptions } from "@mlxterp/results";
import { loadLens } from "../lens-translators/lens-files.js";
import { type LensTranslators, requireFittingLens } from "../lens-translators/lens-translators.js";
import { resolveAnswer, resolveAnswers } from "../shared/answers.js";
import { inBatches } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { isOnePrompt, type OnePrompt, promptIds, promptList } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { lensBatch, type Place } from "./lens-batch.js";
import { type LensOptions, lensOptions } from "./options.js";
import type { LensResult } from "./result.js";

/**
 * What the model would predict after every layer, at every position: one unembedding product for each layer.
 *
 * @param prompt one prompt (a text, or token ids) gives one result; a list of prompts or an array of ids gives a list
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a layer or position that does not exist; AnswerTokenError (`ANSWER_TOKEN`);
 *   MissingAnatomyError (`MISSING_ANATOMY`) for a model without `finalNorm` or `unembed`; InvalidArgumentError
 *   (`INVALID_ARGUMENT`) for options that do not exist; NotFiniteError (`NOT_FINITE`) naming the site that is not
 * @example
 * const lens = await logitLens(model, "the capital of France is", { answer: "Paris" });
 * valueAt(lens.grids.answerRank!, { layer: 3, position: -1 }); // 1
 */
export function logitLens(
  model: AnalysisModel,
  prompt: OnePrompt,
  options?: LensOptions,
): Promise<LensResult>;
export function logitLens(
  model: AnalysisModel,
  prompts: Prompt,
  options?: LensOptions,
): Promise<LensResult[]>;
export function logitLens(
  model: AnalysisModel,
  input: Prompt,
  options?: LensOptions,
): Promise<LensResult | LensResult[]>;
export async function logitLens(
  model: AnalysisModel,
  input: Prompt,
  options?: LensOptions,
): Promise<LensResult | LensResult[]> {
  const asked = parseOptions("logitLens", lensOptions, options);
  const { batchSize, answer, onProgress } = asked;
  const prompts = promptList(model, input);
  const answers = answer === undefined ? undefined : resolveAnswers(model, answer, prompts);
  const follow = (asked.follow ?? []).map((one) => resolveAnswer(model, one, prompts[0]));
  const translators = await openLens(model, asked.translators);
  const places = lensPlaces(model, asked.layers);
  const results: LensResult[] = [];
  for (const batch of batchesOf(model, prompts, batchSize)) {
    const before = results.length;
    const onRow = (rows: number) => {
      const done = before * places.length + rows * batch.length;
      onProgress?.({ done, total: prompts.length * places.length, stage: "lens" });
    };
    const tracked = answers?.slice(before, before + batch.length);
    results.push(
      ...(await lensBatch(model, batch, { places, tracked, follow, translators, onRow, asked })),
    );
  }
  return isOnePrompt(input) ? results[0] : results;
}

/** A view reads rows with its own edits, which may be for a prompt's last position: so none of them may be padded there. */
function batchesOf(
  model: AnalysisModel,
  prompts: readonly OnePrompt[],
  batchSize: number,
): (readonly OnePrompt[])[] {
  if (model.edits.length === 0) return inBatches(prompts, batchSize);
  const ids = promptIds(model, prompts);
  const batches: number[][][] = [];
  for (const own of ids) {
    const last = batches[batches.length - 1];
    const joins = last && last.length < batchSize && last[0].length === own.length;
    if (joins) last.push(own);
    else batches.push([own]);
  }
  return batches;
}

async function openLens(
  model: AnalysisModel,
  given: string | LensTranslators | undefined,
): Promise<LensTranslators | undefined> {
  if (given === undefined) return undefined;
  const lens = typeof given === "string" ? await loadLens(given) : given;
  return requireFittingLens(lens, model.anatomy);
}

/** The embedding and all layers, or the layers asked for. */
function lensPlaces(model: AnalysisModel, layers: readonly number[] | undefined): Place[] {
  checkModel("model", model);
  const chosen = select("Layer", layers, model.anatomy.layers);
  const places = chosen.map((layer) => ({ site: `layers.${layer}`, layer }));
  return layers ? places : [{ site: "layers.0.input", layer: "embedding" }, ...places];
}
