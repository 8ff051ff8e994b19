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
import { requirePositive } from "../lists.js";
import { chooseMetric, metricName } from "../metrics.js";
import type { AnalysisModel } from "../model.js";
import { provenanceOf } from "../provenance.js";
import { averageEffects, meanBaseline } from "./effects.js";
import { rowsThatFit } from "./memory.js";
import { type PairOutcome, patchPair, resolvePairs } from "./pairs.js";
import { type MatrixPlan, patchSite, planMatrices } from "./plan.js";
import type {
  PatchBaseline,
  PatchEffect,
  PatchingMatrix,
  PatchingOptions,
  PatchingResult,
} from "./types.js";

/**
 * Patches every layer and column of the asked kinds, in batches that grow layer by layer.
 *
 * @returns for each kind a matrix (layer × position, layer × head, or layer × (head, position)), raw and normalized
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`), AnswerTokenError (`ANSWER_TOKEN`), EqualBaselinesError (`EQUAL_BASELINES`),
 *   OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason when cancelled
 * @example
 * const { matrices } = await activationPatching(model, {
 *   clean: "Tom and Sue went to the park. Sue gave a ball to",
 *   corrupted: "Sue and Tom went to the park. Tom gave a ball to",
 *   answer: " Tom",
 *   wrongAnswer: " Sue",
 *   sites: ["residual", "head"],
 * });
 * matrices[0].normalized[3][7]; // layer 3, position 7: 0 nothing restored, 1 everything
 */
export async function activationPatching(
  model: AnalysisModel,
  options: PatchingOptions,
): Promise<PatchingResult> {
  const { direction = "denoising" } = options;
  const pairs = resolvePairs(model, options);
  const length = pairs[0].clean.ids.length;
  const plans = planMatrices(model, length, options);
  const metric = chooseMetric(options.metric, options.wrongAnswer !== undefined);
  const maxRows = requirePositive("maxRows", options.maxRows ?? rowsThatFit(model, length));
  const outcomes: PairOutcome[] = [];
  for (const [index, pair] of pairs.entries()) {
    const onRows = reporter(plans, index, pairs.length, options);
    const plan = { index, plans, metric, maxRows, direction, onRows, signal: options.signal };
    outcomes.push(await patchPair(model, pair, plan));
  }
  const baseline = meanBaseline(outcomes.map((outcome) => outcome.baseline));
  return {
    direction,
    metric: metricName(metric),
    baseline,
    pairs: pairs.map((pair, index) => ({ ...pair, baseline: outcomes[index].baseline })),
    matrices: plans.map((plan, index) => {
      const perPair = outcomes.map(({ effects }) => effects[index]);
      return matrixOf(plan, perPair, baseline);
    }),
    provenance: provenanceOf(model, "activationPatching"),
  };
}

function matrixOf(
  { kind, layers, columns }: MatrixPlan,
  perPair: readonly PatchEffect[],
  baseline: PatchBaseline,
): PatchingMatrix {
  const averaged = averageEffects(perPair, baseline);
  return { kind, site: patchSite(kind, "*"), layers, columns, ...averaged, perPair };
}

/** Turns the patched runs done of one pair into progress over all pairs. */
function reporter(
  plans: readonly MatrixPlan[],
  pair: number,
  pairs: number,
  { onProgress }: PatchingOptions,
): (rows: number) => void {
  const each = plans.reduce((sum, { layers, columns }) => sum + layers.length * columns.length, 0);
  return (rows) =>
    onProgress?.({ done: pair * each + rows, total: pairs * each, stage: "patching" });
}
