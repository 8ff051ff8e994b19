/**
 * Head ablation: what the model can still do without some of its heads.
 *
 * Each named head's mix of values is replaced, by zeros or by its mean over prompts and positions, and the metric is
 * taken again. What falls is what the model used these heads for.
 *
 * Caveats. Zero is a value that the head may never take, and the shock of it can hurt by itself; the mean keeps what is the
 * same on all prompts and removes what tells them apart (Wang et al. 2022, arXiv 2211.00593, section 2). Other heads may
 * step in (McGrath et al. 2023, "The Hydra Effect", arXiv 2307.15771). Compare with as many random heads.
 */
import type { Interventions } from "@mlxterp/core";
import { atHeads, meanAblate, zeroOut } from "@mlxterp/interventions";
import { InvalidArgumentError, toFlat } from "@mlxterp/mlx";
import { lastLogits, lazyPass } from "../lazy-pass.js";
import { inBatches, mean } from "../lists.js";
import { chooseMetric, createMetric, type Metric, metricName } from "../metrics.js";
import type { AnalysisModel } from "../model.js";
import type { RunControl } from "../progress.js";
import { promptIds } from "../prompts.js";
import { provenanceOf } from "../provenance.js";
import { type Question, resolveQuestions } from "../questions.js";
import { select } from "../select.js";
import { meanOfHeads } from "./mean-activations.js";
import type { AblationOptions, AblationResult, AblationScores, HeadAddress } from "./types.js";

/**
 * Takes a metric at the last position with and without some heads.
 *
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a head that does not exist; AnswerTokenError (`ANSWER_TOKEN`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * const { baseline, ablated } = await ablateHeads(model, {
 *   prompts: ["Tom and Sue went to the park. Sue gave a ball to"],
 *   answer: " Tom",
 *   wrongAnswer: " Sue",
 *   heads: [[2, 0]],
 *   method: "zero",
 * });
 * ablated.mean - baseline.mean; // logits lost
 */
export async function ablateHeads(
  model: AnalysisModel,
  options: AblationOptions,
): Promise<AblationResult> {
  const { method = "mean", batchSize = 16 } = options;
  const heads = checkHeads(model, options.heads);
  const prompts = resolveQuestions(model, options.prompts, options);
  const metric = chooseMetric(options.metric, options.wrongAnswer !== undefined);
  const interventions = await headInterventions(model, heads, prompts, options);
  const total = 2 * prompts.length;
  const pass = (changes: Interventions, done: number) =>
    score(model, prompts, { metric, batchSize, changes, done, total, control: options });
  return {
    heads,
    method,
    metric: metricName(metric),
    baseline: await pass({}, 0),
    ablated: await pass(interventions, prompts.length),
    prompts,
    provenance: provenanceOf(model, "ablateHeads"),
  };
}

function checkHeads(model: AnalysisModel, heads: readonly HeadAddress[]): HeadAddress[] {
  if (heads.length === 0) {
    throw new InvalidArgumentError("heads", heads, "the list is empty; name at least one head.");
  }
  const { anatomy } = model;
  return heads.map(([layer, head]) => [
    ...select("Layer", [layer], anatomy.layers),
    ...select("Head", [head], anatomy.heads),
  ]) as unknown as HeadAddress[];
}

/** The replacement of every named head, with the means computed where they are wanted. */
async function headInterventions(
  model: AnalysisModel,
  heads: readonly HeadAddress[],
  prompts: readonly Question[],
  { method = "mean", batchSize = 16, reference }: AblationOptions,
): Promise<Interventions> {
  const byLayer = new Map<number, number[]>();
  for (const [layer, head] of heads) byLayer.set(layer, [...(byLayer.get(layer) ?? []), head]);
  const ids = reference ? promptIds(model, reference) : prompts.map(({ prompt }) => prompt.ids);
  const layers = [...byLayer.keys()];
  const means =
    method === "mean" ? await meanOfHeads(model, layers, inBatches(ids, batchSize)) : undefined;
  const replacement = (layer: number) =>
    means ? meanAblate({ mean: means.get(layer) }) : zeroOut();
  return Object.fromEntries(
    [...byLayer].map(([layer, own]) => [
      `layers.${layer}.selfAttn.z`,
      atHeads(own, replacement(layer)),
    ]),
  );
}

interface ScorePlan {
  readonly metric: Metric;
  readonly batchSize: number;
  readonly changes: Interventions;
  /** Prompts that were scored before. */
  readonly done: number;
  readonly total: number;
  readonly control: RunControl;
}

async function score(
  model: AnalysisModel,
  prompts: readonly Question[],
  plan: ScorePlan,
): Promise<AblationScores> {
  const perPrompt: number[] = [];
  for (const batch of inBatches(prompts, plan.batchSize)) {
    plan.control.signal?.throwIfAborted();
    const metric = createMetric(plan.metric, {
      answer: batch.map(({ answer }) => answer.id),
      wrongAnswer: batch[0].wrongAnswer && batch.map(({ wrongAnswer }) => wrongAnswer!.id),
    });
    const ids = batch.map(({ prompt }) => prompt.ids);
    const lengths = ids.map(({ length }) => length);
    const passOptions = { interventions: plan.changes };
    const [scores] = await lazyPass(model, ids, passOptions, (trace) => [
      metric(lastLogits(model, trace, lengths)),
    ]);
    perPrompt.push(...toFlat(scores));
    const done = plan.done + perPrompt.length;
    plan.control.onProgress?.({ done, total: plan.total, stage: "ablation" });
  }
  return { mean: mean(perPrompt), perPrompt };
}
