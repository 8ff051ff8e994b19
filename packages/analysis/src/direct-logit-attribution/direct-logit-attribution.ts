/**
 * Direct logit attribution: how much each head and each MLP writes towards an answer.
 *
 * The residual stream is a sum of what its parts wrote, and from there to the logits there is only the final norm and
 * a matrix. With the norm's denominator held at its value, both are linear, so the logit of an answer, or its lead over a
 * wrong one, is exactly the sum of one number for each part.
 *
 * Caveats. It sees only the direct path: a head that feeds another head gets nothing for it (patching shows that). Parts
 * write along directions that later parts may cancel on purpose. Holding the denominator hides that
 * parts also change it. With sandwich norms (Gemma 2) a head's part is
 * what it wrote over the denominator that all heads share. With soft caps the last step is linearised at the prediction, and what it bends is in `unembeddingRest`.
 *
 * Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Wang et al. 2022, arXiv 2211.00593,
 * section 3; the limits: Lieberum et al. 2023, arXiv 2307.09458.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { formatNumber, type Note, type ParsedOptions, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { inBatches } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes } from "../shared/notes.js";
import { metricTokens, type Question, resolveQuestions } from "../shared/questions.js";
import { attributionGrids, attributionTables } from "./arrange.js";
import { attribute, type RankedAttribution } from "./contributions.js";
import { finerParts } from "./direct-path.js";
import { type AttributionOptions, attributionOptions } from "./options.js";
import type { AttributionResult } from "./result.js";

/**
 * The contribution of every part to logit(answer) − logit(wrongAnswer) at each prompt's last position.
 *
 * @param input one prompt or several, also of different length
 * @returns the mean over prompts, and each prompt; all contributions sum to `total`
 * @throws NotASumError (`NOT_A_SUM`) for a model whose layers scale the residual stream; AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`); UnknownSiteError (`UNKNOWN_SITE`) for a model
 *   without `selfAttn.result`, `mlp` or `finalNorm.scale`; InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not
 *   exist; NotFiniteError (`NOT_FINITE`)
 * @example
 * const { grids } = await directLogitAttribution(model, clean, { answer: "Mary", wrongAnswer: "John" });
 * valueAt(grids.heads, { layer: 2, head: 1 }); // logits that head 1 of layer 2 adds to the lead of "Mary"
 */
export async function directLogitAttribution(
  model: AnalysisModel,
  input: Prompt,
  options: AttributionOptions,
): Promise<AttributionResult> {
  const asked = parseOptions("directLogitAttribution", attributionOptions, options);
  const { list, notes, asked: answers } = resolveQuestions(model, input, asked);
  const found = await attributeAll(model, list, asked);
  const { layers, heads } = model.anatomy;
  return {
    method: "attribute",
    asked: askedOf(asked, answers),
    fed: list,
    grids: attributionGrids(found, layers, heads),
    tables: attributionTables(found, list, asked.by),
    notes: [
      ...notes,
      ...answerNotes(
        list,
        found.map(({ rank }) => rank),
      ),
      ...sumNotes(found),
      ...intervalNotes(found),
    ],
    provenance: provenanceOf(model),
  };
}

async function attributeAll(
  model: AnalysisModel,
  questions: readonly Question[],
  { by, most, batchSize, signal, onProgress }: ParsedOptions<typeof attributionOptions>,
): Promise<RankedAttribution[]> {
  const results: RankedAttribution[] = [];
  for (const batch of inBatches(questions, batchSize)) {
    signal?.throwIfAborted();
    const ids = batch.map((question) => question.ids);
    const tokens = metricTokens(batch);
    const found = await attribute(model, ids, tokens);
    const finer = by.length > 0 ? await finerParts(model, ids, tokens, { by, most }) : [];
    results.push(...found.map((one, row) => (finer[row] ? { ...one, finer: finer[row] } : one)));
    onProgress?.({ done: results.length, total: questions.length, stage: "attribution" });
  }
  if (!results.every(({ total, embedding }) => Number.isFinite(total + embedding))) {
    throw await notFiniteError("Logits", model, questions.map(({ ids }) => ids)); // biome-ignore format: one call
  }
  return results;
}

/** Parts that miss the total by more than this share of their own sizes have something between them and the logit that is no sum. */
const tolerance = 1e-3;

/** Whether the parts add up to the logit; where a view changes what the final norm reads, they need not. */
function sumNotes(found: readonly RankedAttribution[]): Note[] {
  const missed = found.flatMap((one) => {
    const { total, embedding, heads, mlps, attentionRest, normBias, unembeddingRest } = one;
    const parts = [embedding, ...heads.flat(), ...mlps, ...attentionRest, normBias, unembeddingRest]; // biome-ignore format: one list
    const missing = total - parts.reduce((sum, part) => sum + part, 0);
    const size = parts.reduce((sum, part) => sum + Math.abs(part), Math.abs(total));
    return Math.abs(missing) > tolerance * size ? [missing] : [];
  });
  if (missed.length === 0) return [];
  const most = missed.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  const text = `the parts do not add up to the logit, ${formatNumber(most)} is missing at most: something between the last layer and the logits is no sum of what was written, such as an edit of what the final norm reads.`;
  return [{ code: "INCOMPLETE", text }];
}

function intervalNotes(found: readonly RankedAttribution[]): Note[] {
  if (found.length > 1) return [];
  return [{ code: "ONE_PROMPT", text: "one prompt: there is no interval, and others may differ." }];
}
