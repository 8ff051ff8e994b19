/**
 * Direct logit attribution: how much each head and each MLP writes towards an answer.
 *
 * The residual stream is a sum of what its parts wrote, and from there to the logits there is only the final norm and
 * a matrix. With the norm's denominator held at its value, both are linear, so the logit of an answer, or its lead over a
 * wrong one, is exactly the sum of one number for each part.
 *
 * Caveats. It sees only the direct path: a head that feeds another head gets nothing for it (patching shows that). Parts
 * write along directions that later parts may cancel on purpose. Holding the denominator hides that
 * parts also change it. With sandwich norms (Gemma 2) what heads write is normalised together, and shows as `attentionRest`;
 * with soft caps the last step is linearised at the prediction, and what it bends is in `unembeddingRest`.
 *
 * Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Wang et al. 2022, arXiv 2211.00593,
 * section 3; the limits: Lieberum et al. 2023, arXiv 2307.09458.
 */
import type { Prompt } from "@mlxterp/core";
import { inBatches } from "../lists.js";
import type { AnalysisModel } from "../model.js";
import { provenanceOf } from "../provenance.js";
import { resolveQuestions } from "../questions.js";
import { attribute } from "./contributions.js";
import type {
  Attribution,
  AttributionOptions,
  AttributionResult,
  PromptAttribution,
} from "./types.js";

/**
 * The contribution of every part to logit(answer) − logit(wrongAnswer) at each prompt's last position.
 *
 * @param input one prompt or several, also of different length
 * @returns the mean over prompts, and each prompt; all contributions sum to `total`
 * @throws AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`); UnknownSiteError (`UNKNOWN_SITE`) for a model
 *   without `selfAttn.result`, `mlp` or `finalNorm.scale`
 * @example
 * const { heads } = await directLogitAttribution(model, "Tom and Sue went to the park. Sue gave a ball to", {
 *   answer: " Tom",
 *   wrongAnswer: " Sue",
 * });
 * heads[2][1]; // logits that head 1 of layer 2 adds to the lead of " Tom"
 */
export async function directLogitAttribution(
  model: AnalysisModel,
  input: Prompt,
  options: AttributionOptions,
): Promise<AttributionResult> {
  const { batchSize = 16, signal, onProgress } = options;
  const prompts = resolveQuestions(model, input, options);
  const results: PromptAttribution[] = [];
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    const ids = batch.map(({ prompt }) => prompt.ids);
    const found = await attribute(model, ids, {
      answer: batch.map(({ answer }) => answer.id),
      wrongAnswer: batch[0].wrongAnswer && batch.map(({ wrongAnswer }) => wrongAnswer!.id),
    });
    results.push(...found.map((attribution, row) => ({ ...attribution, ...batch[row] })));
    onProgress?.({ done: results.length, total: prompts.length, stage: "attribution" });
  }
  const provenance = provenanceOf(model, "directLogitAttribution");
  return { ...meanAttribution(results), prompts: results, provenance };
}

function meanAttribution(list: readonly Attribution[]): Attribution {
  const mean = (pick: (one: Attribution) => number) =>
    list.reduce((sum, one) => sum + pick(one), 0) / list.length;
  const [first] = list;
  return {
    total: mean(({ total }) => total),
    embedding: mean(({ embedding }) => embedding),
    heads: first.heads.map((row, layer) =>
      row.map((_, head) => mean(({ heads }) => heads[layer][head])),
    ),
    attentionRest: first.attentionRest.map((_, layer) => mean((one) => one.attentionRest[layer])),
    mlps: first.mlps.map((_, layer) => mean(({ mlps }) => mlps[layer])),
    normBias: mean(({ normBias }) => normBias),
    unembeddingRest: mean(({ unembeddingRest }) => unembeddingRest),
  };
}
