/**
 * Head ablation: what the model can still do without some of its heads.
 *
 * Each named head's mix of values is replaced, by zeros, by its mean over prompts and positions, or by its mean at each
 * position over reference prompts, and the metric is taken again. What falls is what the model used these heads for.
 *
 * Caveats. Zero is a value that the head may never take, and the shock of it can hurt by itself; the mean keeps what is the
 * same on all prompts and removes what tells them apart (Wang et al. 2022, arXiv 2211.00593, section 2). One mean for all
 * positions also removes what tells positions apart: a circuit is judged by the means of each position. Other heads may
 * step in (McGrath et al. 2023, "The Hydra Effect", arXiv 2307.15771). Compare with as many random heads.
 */
import {
  type Intervention,
  type Interventions,
  notFiniteError,
  type Prompt,
  provenanceOf,
} from "@mlxterp/core";
import { atHeads, meanAblate, zeroOut } from "@mlxterp/interventions";
import { type MxArray, toFlat } from "@mlxterp/mlx";
import { type ParsedOptions, parseOptions, type RunControl } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { inBatches } from "../shared/lists.js";
import { chooseMetric, createMetric, type Metric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes, saturationNotes } from "../shared/notes.js";
import { promptIds } from "../shared/prompts.js";
import { metricTokens, type Question, resolveQuestions } from "../shared/questions.js";
import { ranksOf } from "../shared/ranks.js";
import { select } from "../shared/select.js";
import { intervalNotes, scoreTables } from "./arrange.js";
import { meanOfHeads } from "./mean-activations.js";
import { ablateByPosition, meanByPosition } from "./mean-by-position.js";
import { type AblationOptions, ablationOptions } from "./options.js";
import type { AblationResult, HeadAddress } from "./result.js";

type Asked = ParsedOptions<typeof ablationOptions>;

/**
 * Takes a metric at the last position with and without some heads.
 *
 * @param input one prompt or several, also of different length
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a head that does not exist; AnswerTokenError (`ANSWER_TOKEN`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist; NotFiniteError (`NOT_FINITE`)
 * @example
 * const { tables } = await ablateHeads(model, clean, {
 *   answer: "Mary",
 *   wrongAnswer: "John",
 *   heads: [[2, 0]],
 *   method: "zero",
 * });
 * tables.change.rows[0].value; // logits gained, or lost
 */
export async function ablateHeads(
  model: AnalysisModel,
  input: Prompt,
  options: AblationOptions,
): Promise<AblationResult> {
  const asked = parseOptions("ablateHeads", ablationOptions, options);
  const heads = checkHeads(model, asked.heads);
  const { list, notes, asked: answers } = resolveQuestions(model, input, asked);
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const interventions = await headInterventions(model, heads, list, asked);
  const shared = { metric, batchSize: asked.batchSize, total: 2 * list.length, control: asked };
  const baseline = await score(model, list, { ...shared, changes: {}, done: 0 });
  const ablated = await score(model, list, {
    ...shared,
    changes: interventions,
    done: list.length,
  });
  const name = metricName(metric);
  const kept = { ...answers, heads, ...(typeof metric === "string" && { metric }) };
  return {
    method: "ablate",
    asked: askedOf(asked, kept),
    fed: list,
    grids: {},
    tables: scoreTables(name, baseline.scores, ablated.scores),
    notes: [
      ...notes,
      ...answerNotes(list, baseline.ranks),
      ...saturationNotes(name, baseline.scores),
      ...intervalNotes(list.length),
    ],
    provenance: {
      ...provenanceOf(model),
      interventions: Object.keys(interventions),
    },
  };
}

function checkHeads(model: AnalysisModel, heads: readonly HeadAddress[]): [number, number][] {
  const { anatomy } = model;
  return heads.map(([layer, head]) => [
    select("Layer", [layer], anatomy.layers)[0],
    select("Head", [head], anatomy.heads)[0],
  ]);
}

/** The replacement of every named head, with the means computed where they are wanted. */
async function headInterventions(
  model: AnalysisModel,
  heads: readonly HeadAddress[],
  prompts: readonly Question[],
  asked: Asked,
): Promise<Interventions> {
  const { reference } = asked;
  const byLayer = new Map<number, number[]>();
  for (const [layer, head] of heads) byLayer.set(layer, [...(byLayer.get(layer) ?? []), head]);
  const ids = reference ? promptIds(model, reference) : prompts.map((prompt) => prompt.ids);
  const layers = [...byLayer.keys()];
  const longest = Math.max(...prompts.map((prompt) => prompt.ids.length));
  const replacement = await replacements(model, layers, ids, { ...asked, longest });
  return Object.fromEntries(
    [...byLayer].map(([layer, own]) => [
      `layers.${layer}.selfAttn.z`,
      atHeads(own, replacement(layer)),
    ]),
  );
}

/** What takes the place of each layer's heads. */
async function replacements(
  model: AnalysisModel,
  layers: readonly number[],
  ids: readonly (readonly number[])[],
  { method, eachPosition, batchSize, longest }: Asked & { readonly longest: number },
): Promise<(layer: number) => Intervention> {
  if (method === "zero") return () => zeroOut();
  const batches = inBatches(ids, batchSize);
  if (!eachPosition) {
    const means = await meanOfHeads(model, layers, batches);
    return (layer) => meanAblate({ mean: means.get(layer) });
  }
  const means = await meanByPosition(model, layers, batches, longest);
  return (layer) => ablateByPosition(means.get(layer) as MxArray);
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

/** The metric and the answer's rank, prompt by prompt. */
async function score(model: AnalysisModel, prompts: readonly Question[], plan: ScorePlan) {
  const scores: number[] = [];
  const ranks: number[] = [];
  for (const batch of inBatches(prompts, plan.batchSize)) {
    plan.control.signal?.throwIfAborted();
    const tokens = metricTokens(batch);
    const metric = createMetric(plan.metric, tokens);
    const ids = batch.map((prompt) => prompt.ids);
    const lengths = ids.map(({ length }) => length);
    const read = (logits: MxArray) => [metric(logits), ranksOf(logits, tokens.answer)];
    const [own, rank] = await lazyPass(model, ids, { interventions: plan.changes }, (trace) =>
      read(lastLogits(model, trace, lengths)),
    );
    scores.push(...toFlat(own));
    ranks.push(...toFlat(rank));
    const done = plan.done + scores.length;
    plan.control.onProgress?.({ done, total: plan.total, stage: "ablation" });
  }
  if (!scores.every(Number.isFinite)) {
    const ids = prompts.map((prompt) => prompt.ids);
    const options = { interventions: plan.changes };
    throw await notFiniteError("Scores", model, ids, options);
  }
  return { scores, ranks };
}
