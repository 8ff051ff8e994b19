/**
 * Activation patching: which activations carry the difference between two prompts (causal tracing, interchange interventions).
 *
 * Take two prompts that differ in the decisive words, so that the model answers differently. Run one, but put one
 * activation of the other in its place: one layer, one position, one head. If the answer follows, that activation
 * carries the information, at that place, in a form that the rest of the model uses.
 *
 * Reading a picture. In `residual`, a bright path leads from the changed words, up through the layers, over to the last
 * position: where it jumps, attention moved the information; `attention` and `head` show which part moved it, `mlp` where
 * it was looked up. Denoising shows what is sufficient, noising what is necessary; with several redundant routes the two
 * disagree, as an OR of inputs needs any and an AND needs all.
 *
 * Caveats. A patch shows what distinguishes these two prompts, nothing that they share: choose the pair accordingly,
 * and of equal length. Backup heads may take over what is patched away. Look at a logit difference before probabilities,
 * which saturate. A head that restores nothing alone may do so with another.
 *
 * Source: Vig et al. 2020, arXiv 2004.12265; Meng et al. 2022 (ROME), arXiv 2202.05262, section 2; Wang et al. 2022,
 * arXiv 2211.00593; how to choose metric and direction: Heimersheim & Nanda 2024, arXiv 2404.15255.
 */
import { provenanceOf } from "@mlxterp/core";
import { parseOptions, type RunControl } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { rowsThatFit } from "../shared/memory.js";
import { chooseMetric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes, saturationNotes } from "../shared/notes.js";
import { checkSameLength, type PatchingPrompts, resolvePairs } from "../shared/pairs.js";
import { arrangeGrids, baselineTable } from "./arrange.js";
import { baselineNotes } from "./notes.js";
import { type PatchingOptions, patchingOptions } from "./options.js";
import { type PairOutcome, patchPair } from "./pairs.js";
import { type MatrixPlan, planMatrices } from "./plan.js";
import type { PatchingResult } from "./result.js";

/**
 * Patches every layer and column of the asked kinds, in batches that grow layer by layer.
 *
 * @param input the prompt that gets the answer right, and the same with the decisive words exchanged, in as many tokens;
 *   or as many of each
 * @returns for each kind a grid (layer × position, or layer × head × position), as metric and as effect
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`), AnswerTokenError (`ANSWER_TOKEN`), EqualBaselinesError (`EQUAL_BASELINES`),
 *   OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`), NotFiniteError (`NOT_FINITE`); the signal's
 *   reason when cancelled
 * @example
 * const { grids } = await activationPatching(
 *   model,
 *   { clean, corrupted },
 *   { answer: "Mary", wrongAnswer: "John", kinds: ["residual", "head"] },
 * );
 * valueAt(grids.residual!, { layer: 3, position: 7 }); // 0 nothing restored, 1 everything
 */
export async function activationPatching(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: PatchingOptions,
): Promise<PatchingResult> {
  const asked = parseOptions("activationPatching", patchingOptions, options);
  const { direction, signal } = asked;
  const { pairs, notes, asked: answers } = resolvePairs(model, input, asked);
  checkSameLength(pairs);
  const length = pairs[0].clean.ids.length;
  const plans = planMatrices(model, length, asked);
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const maxRows = asked.maxRows ?? rowsThatFit(model, length);
  const outcomes: PairOutcome[] = [];
  for (const [index, pair] of pairs.entries()) {
    const onRows = reporter(plans, index, pairs.length, asked);
    const plan = { index, plans, metric, maxRows, direction, onRows, signal };
    outcomes.push(await patchPair(model, pair, plan));
  }
  const name = metricName(metric);
  const baselines = outcomes.map(({ baseline }) => baseline);
  return {
    method: "patch",
    asked: askedOf(asked, { ...answers, maxRows, ...(typeof metric === "string" && { metric }) }),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: arrangeGrids(model, plans, outcomes, pairs, direction),
    tables: { baselines: baselineTable(name, baselines) },
    notes: [
      ...notes,
      ...answerNotes(
        pairs,
        outcomes.map(({ answerRank }) => answerRank),
      ),
      ...saturationNotes(
        name,
        baselines.flatMap(({ clean, corrupted }) => [clean, corrupted]),
      ),
      ...baselineNotes(baselines),
    ],
    provenance: provenanceOf(model),
  };
}

/** Turns the patched runs done of one pair into progress over all pairs. */
function reporter(
  plans: readonly MatrixPlan[],
  pair: number,
  pairs: number,
  { onProgress }: RunControl,
): (rows: number) => void {
  const each = plans.reduce((sum, { layers, columns }) => sum + layers.length * columns.length, 0);
  return (rows) =>
    onProgress?.({ done: pair * each + rows, total: pairs * each, stage: "patching" });
}
