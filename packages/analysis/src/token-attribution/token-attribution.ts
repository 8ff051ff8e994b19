/**
 * Token attribution: which tokens of the prompt speak for the answer.
 *
 * A token's embedding times the gradient there says what a small change of it would do (`gradient-input`). Integrated gradients take
 * the mean of the gradient on the straight way from a baseline to the prompt, times the way: those numbers add up to the difference of the metric
 * between the two ends, which is checked and told.
 *
 * Caveats. A zero embedding is nothing that a model has ever seen, and after norms most of the way looks like its end: with
 * few steps the sum misses the difference (`gap`). A prompt with other words as the baseline asks a clearer question. Embeddings of
 * positions stay as they are. What a token does only together with another is divided between them by the way that is taken.
 *
 * Source: Sundararajan et al. 2017, arXiv 1703.01365 (integrated gradients, completeness); Shrikumar et al. 2016, arXiv 1605.01713
 * (gradient × input).
 */
import {
  type ActivationCache,
  integratedGradients,
  notFiniteError,
  type Prompt,
  provenanceOf,
} from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import {
  createGrid,
  createTable,
  formatNumber,
  formatPercent,
  type Note,
  parseOptions,
} from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { UnequalLengthError } from "../shared/errors.js";
import { chooseMetric, createMetric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, isOnePrompt, positionLabels, promptIds } from "../shared/prompts.js";
import { type Question, resolveQuestions } from "../shared/questions.js";
import { stoppable } from "../shared/stoppable.js";
import { type AskedTokens, type TokenAttributionOptions, tokenOptions } from "./options.js";
import type { TokenResult } from "./result.js";

const site = "embedTokens";

/**
 * Scores every token of every prompt.
 *
 * @returns a result for each prompt, or the one
 * @throws AnswerTokenError (`ANSWER_TOKEN`), UnequalLengthError (`UNEQUAL_LENGTH`) for a reference of another length,
 *   UnknownSiteError (`UNKNOWN_SITE`) for a model without `embedTokens`, InvalidArgumentError (`INVALID_ARGUMENT`),
 *   NotFiniteError (`NOT_FINITE`); the signal's reason when cancelled
 * @example
 * const [{ grids }] = [await tokenAttribution(model, clean, { answer: "Mary", wrongAnswer: "John" })].flat();
 * grids.attribution.values; // one number for each token
 */
export async function tokenAttribution(
  model: AnalysisModel,
  input: Prompt,
  options: TokenAttributionOptions,
): Promise<TokenResult | TokenResult[]> {
  const asked = parseOptions("tokenAttribution", tokenOptions, options);
  const { list, notes } = resolveQuestions(model, input, asked);
  const references = referencesOf(model, list, asked);
  const results: TokenResult[] = [];
  for (const [index, question] of list.entries()) {
    asked.signal?.throwIfAborted();
    const reference = references?.[index];
    results.push(await stoppable(asked.signal, () => explain(model, question, reference, asked, notes))); // biome-ignore format: one call
    asked.onProgress?.({ done: index + 1, total: list.length, stage: "token attribution" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

function referencesOf(
  model: AnalysisModel,
  list: readonly Question[],
  { reference }: AskedTokens,
): number[][] | undefined {
  if (!reference) return undefined;
  const ids = promptIds(model, reference as Parameters<typeof promptIds>[1]).map((one) => [...one]);
  if (ids.length !== list.length) {
    const rule = `${ids.length} references for ${list.length} prompts; give one for each.`;
    throw new InvalidArgumentError("reference", reference, rule);
  }
  for (const [index, own] of ids.entries()) {
    if (own.length === list[index].ids.length) continue;
    throw new UnequalLengthError(list[index].pieces, fedOf(model, "reference", own).pieces, ["prompt", "reference"]); // biome-ignore format: one call
  }
  return ids;
}

async function explain(
  model: AnalysisModel,
  question: Question,
  reference: number[] | undefined,
  asked: AskedTokens,
  notes: readonly Note[],
): Promise<TokenResult> {
  const ids = [...question.ids];
  const name = chooseMetric(asked.metric, question.wrongAnswer !== undefined);
  const judge = createMetric(name, {
    answer: [question.answer.id],
    ...(question.wrongAnswer && { wrongAnswer: [question.wrongAnswer.id] }),
  });
  const metric = (output: MxArray) => mx.sum(judge(output.index(mx.Slice(), -1)));
  const ends = await endsOf(model, ids, reference);
  const [value, baseline] = await Promise.all(
    [ends.clean, ends.baseline].map((cache) => valueAt(model, ids, metric, cache)),
  );
  const way = { metric, ends, difference: value - baseline };
  const { numbers, total, steps } = await addingUp(model, ids, way, asked);
  if (!Number.isFinite(total + value + baseline))
    throw await notFiniteError("Scores", model, [ids]);
  const gap = total - (value - baseline);
  const answers = { answer: [question.answer.id], ...(question.wrongAnswer && { wrongAnswer: [question.wrongAnswer.id] }) }; // biome-ignore format: one object
  const named = { ...answers, ...(typeof name === "string" && { metric: name }), ...(reference && { reference: [reference] }) }; // biome-ignore format: one object
  return {
    method: "tokens",
    asked: askedOf(asked, named),
    fed: [question],
    grids: {
      attribution: createGrid({ labels: { token: positionLabels(model, ids) }, values: numbers, unit: "metric", neutral: 0 }), // biome-ignore format: one grid
    },
    tables: {
      completeness: createTable(
        ["metric", "value", "baseline", "total", "gap"],
        [{ metric: metricName(name), value, baseline, total, gap }],
      ),
    },
    notes: [...notes, ...gapNotes(gap, value - baseline, { ...asked, steps })],
    provenance: provenanceOf(model),
  };
}

interface Ends {
  readonly clean: ActivationCache;
  readonly baseline: ActivationCache;
}

async function endsOf(
  model: AnalysisModel,
  ids: number[],
  reference: number[] | undefined,
): Promise<Ends> {
  const clean = await model.run([ids], { save: site });
  if (reference) return { clean, baseline: await model.run([reference], { save: site }) };
  return { clean, baseline: clean.mapped((name) => mx.zerosLike(clean.get(name))) };
}

interface Way {
  readonly metric: (output: MxArray) => MxArray;
  readonly ends: Ends;
  readonly difference: number;
}

/** Scores with as many steps as it takes until they add up, within what is tolerated and what one waits for. */
async function addingUp(model: AnalysisModel, ids: number[], way: Way, asked: AskedTokens) {
  const { metric, ends, difference } = way;
  const enough = Math.abs(difference) * tolerated;
  for (let steps = asked.steps; ; steps *= 2) {
    const found = await scoresOf(model, ids, metric, ends, { ...asked, steps });
    const numbers = [...toFlat(mx.sum(found.astype(mx.float32), -1))].map(Number);
    const total = numbers.reduce((sum, one) => sum + one, 0);
    const near = !(Math.abs(total - difference) > enough);
    if (near || asked.scoring === "gradient-input" || steps >= 16 * asked.steps)
      return { numbers, total, steps };
  }
}

/** (1, position, hidden) */
async function scoresOf(
  model: AnalysisModel,
  ids: number[],
  metric: (output: MxArray) => MxArray,
  { clean, baseline }: Ends,
  { scoring, steps, signal }: AskedTokens,
): Promise<MxArray> {
  if (scoring === "integrated-gradients") {
    const options = { save: site, baseline, clean, steps, ...(signal && { signal }) };
    return (await integratedGradients(model, [ids], metric, options)).attributions.get(site);
  }
  const { gradients } = await model.gradients([ids], metric, { save: site });
  return mx.multiply(mx.subtract(clean.get(site), baseline.get(site)), gradients.get(site));
}

async function valueAt(
  model: AnalysisModel,
  ids: number[],
  metric: (output: MxArray) => MxArray,
  embeddings: ActivationCache,
): Promise<number> {
  const run = await model.run([ids], { save: "output", interventions: { [site]: () => embeddings.get(site) } }); // biome-ignore format: one call
  return Number(metric(run.get("output")).item());
}

/** A share of the difference that may be missing before a reader is told. */
const tolerated = 0.05;

function gapNotes(gap: number, difference: number, { scoring, steps }: AskedTokens): Note[] {
  const share = Math.abs(gap) / Math.max(Math.abs(difference), 1e-9);
  if (share <= tolerated) return [];
  const way = scoring === "gradient-input" ? "a gradient alone need not add up; integrated-gradients does" : `more than ${steps} steps, or a reference, bring them nearer`; // biome-ignore format: one choice
  const text = `the tokens add up to ${formatNumber(difference + gap)} where ${formatNumber(difference)} is to be explained (${formatPercent(share)} off): ${way}.`;
  return [{ code: "INCOMPLETE", text }];
}
