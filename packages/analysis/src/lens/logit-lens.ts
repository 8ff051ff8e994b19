/**
 * Layer-by-layer readout of the residual stream (logit lens).
 *
 * Every layer adds to the residual stream, and the last of it goes through the final norm and the unembedding to
 * become a prediction. The lens sends the stream of every earlier layer the same way: what would the model say if
 * it stopped here? Often the answer appears at some depth and only gains weight afterwards.
 *
 * Caveats. The last row is the model's own prediction, the others are what a reader made for the last layer makes of
 * earlier ones: a token that is absent may still be encoded in another basis, and early rows of some families (GPT-Neo,
 * OPT, BLOOM) are nonsense. A probability that rises is no proof that this layer computed it: patch to find out.
 *
 * Source: nostalgebraist 2020, "interpreting GPT: the logit lens" (LessWrong); its failures and the trained
 * alternative: Belrose et al. 2023, "Eliciting Latent Predictions from Transformers with the Tuned Lens", arXiv 2303.08112.
 */
import type { Prompt } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { resolveAnswers } from "../answers.js";
import { inBatches } from "../lists.js";
import type { AnalysisModel } from "../model.js";
import {
  isOnePrompt,
  type OnePrompt,
  promptIds,
  promptList,
  promptTokens,
  type TokenText,
  textOf,
} from "../prompts.js";
import { provenanceOf } from "../provenance.js";
import { select } from "../select.js";
import { type RawCell, readLayer } from "./readout.js";
import type { LensCell, LensOptions, LensResult, LensRow } from "./types.js";

/**
 * What the model would predict after every layer, at every position: one unembedding product for each layer.
 *
 * @param prompt one prompt (a text, or token ids) gives one result; a list of prompts or an array of ids gives a list
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a layer or position that does not exist; AnswerTokenError (`ANSWER_TOKEN`);
 *   MissingAnatomyError (`MISSING_ANATOMY`) for a model without `finalNorm` or `unembed`
 * @example
 * const lens = await logitLens(model, "The capital of France is", { answer: " Paris" });
 * lens.rows.map(({ cells }) => cells.at(-1)?.answer?.rank); // how the rank falls with depth
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
export async function logitLens(
  model: AnalysisModel,
  input: Prompt,
  options: LensOptions = {},
): Promise<LensResult | LensResult[]> {
  const { topK = 5, batchSize = 16, answer, onProgress } = options;
  if (!Number.isInteger(topK) || topK < 1) {
    throw new InvalidArgumentError("topK", topK, `must be a positive integer, not ${topK}.`);
  }
  const prompts = promptList(model, input);
  const answers = answer === undefined ? undefined : resolveAnswers(model, answer, prompts);
  const places = lensPlaces(model, options.layers);
  const results: LensResult[] = [];
  for (const batch of inBatches(prompts, batchSize)) {
    const before = results.length;
    const onRow = (rows: number) => {
      const done = before * places.length + rows * batch.length;
      onProgress?.({ done, total: prompts.length * places.length, stage: "lens" });
    };
    const tracked = answers?.slice(before, before + batch.length);
    const plan = { places, positions: options.positions, topK, tracked, onRow };
    results.push(...(await lensBatch(model, batch, plan, options.signal)));
  }
  return isOnePrompt(input) ? results[0] : results;
}

interface Place {
  readonly site: string;
  readonly layer: number | null;
}

function lensPlaces(model: AnalysisModel, layers: readonly number[] | undefined): Place[] {
  const chosen = select("Layer", layers, model.anatomy.layers);
  const places = chosen.map((layer) => ({ site: `layers.${layer}`, layer }));
  return layers ? places : [{ site: "layers.0.input", layer: null }, ...places];
}

interface BatchPlan {
  readonly places: readonly Place[];
  readonly positions: readonly number[] | undefined;
  readonly topK: number;
  readonly tracked: readonly TokenText[] | undefined;
  /** Called with the number of places read. */
  readonly onRow: (rows: number) => void;
}

async function lensBatch(
  model: AnalysisModel,
  batch: readonly OnePrompt[],
  plan: BatchPlan,
  signal: AbortSignal | undefined,
): Promise<LensResult[]> {
  const { places, tracked, topK } = plan;
  const ids = promptIds(model, batch);
  const positions = ids.map(({ length }) => select("Position", plan.positions, length, "a prompt"));
  signal?.throwIfAborted();
  const cache = await model.run(ids, { save: places.map(({ site }) => site) });
  const cells: RawCell[][][] = []; // place, prompt, position
  for (const { site } of places) {
    signal?.throwIfAborted();
    const residual = atPositions(cache.get(site), plan.positions && positions);
    cells.push(
      await readLayer(
        model.anatomy,
        residual,
        topK,
        tracked?.map(({ id }) => id),
      ),
    );
    plan.onRow(cells.length);
  }
  const show = cellPainter(model);
  return ids.map((prompt, index) => ({
    prompt: promptTokens(model, prompt),
    positions: positions[index],
    rows: places.map((place, row): LensRow => {
      const own = cells[row][index].slice(0, positions[index].length); // without padding
      return { ...place, cells: own.map(show) };
    }),
    ...(tracked && { answer: tracked[index] }),
    provenance: provenanceOf(model, "logitLens"),
  }));
}

/** Each row's chosen positions: (batch, position, hidden) → (batch, chosen, hidden) */
function atPositions(residual: MxArray, chosen: readonly number[][] | undefined): MxArray {
  if (!chosen) return residual;
  const row = mx.arange(0, chosen.length, 1, mx.int32).reshape([-1, 1]);
  return residual.index(row, mx.array([...chosen], mx.int32));
}

/** Adds texts to cells; the text of each token is looked up once. */
function cellPainter(model: AnalysisModel): (cell: RawCell) => LensCell {
  const texts = new Map<number, string>();
  const textFor = (id: number): string => {
    const text = texts.get(id) ?? textOf(model, [id])[0];
    texts.set(id, text);
    return text;
  };
  return ({ ids, logits, probabilities, ...rest }) => ({
    top: ids.map((id, rank) => ({
      id,
      text: textFor(id),
      logit: logits[rank],
      probability: probabilities[rank],
    })),
    ...rest,
  });
}
