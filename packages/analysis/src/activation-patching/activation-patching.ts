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
 * What takes the place need not be the other prompt's: zero, a mean over other prompts, or theirs one after the other, ask what is lost
 * when an activation says nothing of this prompt (ablation). Queries, keys and values tell where a head looks, whether it is found, and
 * what it copies; its pattern holds where it looks, whatever made it.
 *
 * Caveats. A patch shows what distinguishes these two prompts, nothing that they share: choose the pair accordingly,
 * and of equal length, or mark what stands for what. Backup heads may take over what is patched away. Look at a logit difference before probabilities,
 * which saturate. A head that restores nothing alone may do so with another.
 *
 * Source: Vig et al. 2020, arXiv 2004.12265; Meng et al. 2022 (ROME), arXiv 2202.05262, section 2; Wang et al. 2022,
 * arXiv 2211.00593; how to choose metric and direction: Heimersheim & Nanda 2024, arXiv 2404.15255.
 */
import { provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { parseOptions, type RunControl } from "@mlxterp/results";
import { factsOf, type Part, parts, siteOf } from "../patching/parts.js";
import { noWork, workTable } from "../patching/work.js";
import { askedOf } from "../shared/asked.js";
import { rowsThatFit } from "../shared/memory.js";
import { chooseMetric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes, saturationNotes, taskNotes } from "../shared/notes.js";
import {
  checkSameLength,
  type PatchingPrompts,
  type PromptPair,
  resolvePairs,
} from "../shared/pairs.js";
import { promptIds } from "../shared/prompts.js";
import { alignmentOf } from "./alignment.js";
import { arrangeGrids, baselineTable, nextTables } from "./arrange.js";
import { baselineNotes } from "./notes.js";
import { type AskedPatching, type PatchingOptions, patchingOptions } from "./options.js";
import { countOf, type PairOutcome, patchPair } from "./pairs.js";
import { type MatrixPlan, planMatrices } from "./plan.js";
import type { PatchDirection, PatchingResult } from "./result.js";
import { meansOf, type Replacement } from "./sources.js";

/**
 * Patches every layer and column of the asked kinds, in batches that grow layer by layer.
 *
 * @param input the prompt that gets the answer right, and the same with the decisive words exchanged, in as many tokens or with `spans` that
 *   say what stands for what; or as many of each
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
  const { source, signal } = asked;
  const direction = asked.direction ?? (source === "prompt" ? "denoising" : "noising");
  const kinds = { sequences: true, spans: true };
  const { pairs, notes, asked: answers } = resolvePairs(model, input, asked, kinds);
  const positions = checkPairs(pairs, asked);
  const longest = pairs.reduce((a, b) => (b.clean.ids.length > a.clean.ids.length ? b : a));
  const { ids } = longest.clean;
  const plans = planMatrices(model, ids, positions, asked);
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const maxRows = asked.maxRows ?? rowsThatFit(model, ids.length);
  const replacement = await replacementOf(model, pairs, plans, { ...asked, direction });
  const work = noWork();
  const outcomes: PairOutcome[] = [];
  for (const [index, pair] of pairs.entries()) {
    const onRows = reporter(plans, index, pairs.length, asked);
    const shared = { plans, metric, maxRows, direction, replacement, work, signal };
    outcomes.push(await patchPair(model, pair, { index, onRows, ...shared }));
  }
  const name = metricName(metric);
  const baselines = outcomes.map(({ baseline }) => baseline);
  const both = baselines.flatMap(({ clean, corrupted }) => [clean, corrupted]);
  const ranks = outcomes.map(({ answerRank }) => answerRank);
  const resolved = { ...answers, maxRows, direction, ...(typeof metric === "string" && { metric }) }; // biome-ignore format: one object
  return {
    method: "patch",
    asked: askedOf(asked, resolved),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: arrangeGrids(model, plans, outcomes, pairs, direction),
    tables: {
      baselines: baselineTable(name, baselines),
      ...nextTables(model, outcomes),
      work: workTable(work),
    },
    notes: [
      ...notes,
      ...taskNotes(outcomes.map(({ prefers }) => prefers)),
      ...answerNotes(pairs, ranks),
      ...saturationNotes(name, both),
      ...baselineNotes(name, baselines),
    ],
    provenance: provenanceOf(model),
  };
}

/**
 * The clean prompts' positions that stand for something in every pair; only what is patched position by position needs pairs of one length.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`); InvalidArgumentError (`INVALID_ARGUMENT`) for patterns of prompts that differ in length
 */
function checkPairs(pairs: readonly PromptPair[], asked: AskedPatching): number[] {
  const kinds: readonly string[] = [asked.kinds].flat();
  const streams = kinds.some((kind) => !unitKinds.has(kind));
  if ((asked.positions ?? (streams ? "each" : "all")) !== "all") checkSameLength(pairs);
  if (kinds.includes("pattern") && pairs.some(({ aligned }) => aligned)) {
    const rule = "a pattern has the prompt's own positions as its keys, so that of a prompt of another length does not fit; leave the kind out."; // biome-ignore format: one rule
    throw new InvalidArgumentError("kinds", "pattern", rule);
  }
  const shared = pairs.map((pair) => new Set(alignmentOf(pair).clean));
  return [...shared[0]].filter((at) => shared.every((positions) => positions.has(at)));
}

const unitKinds: ReadonlySet<string> = new Set(
  (Object.keys(parts) as Part[]).filter((part) => factsOf(part).unit),
);

type Asked = Omit<AskedPatching, "direction"> & { readonly direction: PatchDirection };

/** What takes the place of activations, with its means, if it has some. */
async function replacementOf(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  plans: readonly MatrixPlan[],
  { source, reference, eachPosition, direction, signal }: Asked,
): Promise<Replacement> {
  const kinds = plans.map(({ kind }) => kind);
  const both = pairs.flatMap(({ clean, corrupted }) => [clean.ids, corrupted.ids]);
  const prompts = reference ? promptIds(model, reference) : both;
  if (source !== "mean") return { name: source, kinds, prompts };
  const side = direction === "denoising" ? "corrupted" : "clean";
  const longest = Math.max(...pairs.map((pair) => pair[side].ids.length));
  const sites = plans.flatMap(({ kind, layers }) => layers.map((layer) => siteOf(kind, layer)));
  const means = await meansOf(model, sites, prompts, eachPosition ? longest : null, signal);
  return { name: source, kinds, prompts, means };
}

/** Turns the patched runs done of one pair into progress over all pairs. */
function reporter(
  plans: readonly MatrixPlan[],
  pair: number,
  pairs: number,
  { onProgress }: RunControl,
): (rows: number) => void {
  const each = countOf({ plans });
  return (rows) =>
    onProgress?.({ done: pair * each + rows, total: pairs * each, stage: "patching" });
}
