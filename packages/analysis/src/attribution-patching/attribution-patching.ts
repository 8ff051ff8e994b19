/**
 * Attribution patching: what every patch would do, from a few passes with gradients.
 *
 * Activation patching runs the model once for each patch. To first order a patch changes the metric by the difference of
 * the two activations times the slope of the metric there, and one backward pass gives all slopes. It is the way to find out where
 * to look, in any model, before patching what stands out.
 *
 * Where the patched run has decided, it has no slope, though other activations would have it decide otherwise. So by default slopes are
 * taken at three points on the straight way from its embeddings towards those of the other run, and averaged for each part over as much
 * of the way as the part takes the run; `steps: 1` takes the patched run alone.
 *
 * Caveats. A slope is wrong where something saturates: a softmax that has decided, a norm whose scale the patch would change. That hits early
 * layers and MLPs most. `rule: "relp"` replaces the slopes by relevance, which holds norms, patterns and activations at their values
 * and shares products equally; which of the two is nearer depends on the model. Check what matters by patching it.
 *
 * Source: Nanda 2023, "Attribution Patching"; Syed et al. 2023, arXiv 2310.10348; where it fails: Kramár et al. 2024,
 * arXiv 2403.00745; relevance: Jafari et al. 2025, arXiv 2508.21258 (RelP).
 */
import { provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { createGrid, type Grid, type Label, parseOptions } from "@mlxterp/results";
import { baselineTable, edgeNotes } from "../edge-attribution/edge-attribution.js";
import { layersOf, partsThere } from "../patching/parts.js";
import { askedOf } from "../shared/asked.js";
import { batchesByLength, type PairBaseline } from "../shared/baselines.js";
import { mean, range } from "../shared/lists.js";
import { meanScores } from "../shared/mean-scores.js";
import { chooseMetric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import {
  checkSameLength,
  type PatchingPrompts,
  type PromptPair,
  resolvePairs,
  sharedPositions,
} from "../shared/pairs.js";
import { positionLabels } from "../shared/prompts.js";
import { readingsOf } from "../shared/readings.js";
import { headsOf, type NodeKind } from "./nodes.js";
import {
  type AskedAttribution,
  type AttributionPatchingOptions,
  attributionPatchingOptions,
  pointsOf,
} from "./options.js";
import type { AttributionPatchingGrids, AttributionPatchingResult } from "./result.js";
import { type PairScores, scoreBatch } from "./scores.js";

/**
 * Scores every layer, position and head of the asked kinds.
 *
 * @param input pairs of prompts, as for `activationPatching`
 * @returns for each kind a grid of estimated effects, on the scale of activation patching
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`), AnswerTokenError (`ANSWER_TOKEN`), EqualBaselinesError (`EQUAL_BASELINES`),
 *   InvalidArgumentError (`INVALID_ARGUMENT`), NotFiniteError (`NOT_FINITE`); the signal's reason when cancelled
 * @example
 * const { grids } = await attributionPatching(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * valueAt(grids.head!, { layer: 3, head: 0, position: 13 }); // about 1: it carries the answer
 */
export async function attributionPatching(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: AttributionPatchingOptions,
): Promise<AttributionPatchingResult> {
  const asked = parseOptions("attributionPatching", attributionPatchingOptions, options);
  const { signal, onProgress, batchSize } = asked;
  const steps = pointsOf(asked);
  const {
    pairs,
    notes,
    asked: answers,
  } = resolvePairs(model, input, asked, { sequences: true, spans: true });
  if (asked.positions === "each") checkSameLength(pairs);
  requireSimple(pairs, asked);
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const there = partsThere(model, [asked.kinds].flat() as NodeKind[]);
  const { kinds } = there;
  const layersBy = new Map(kinds.map((kind) => [kind, layersOf(model, kind, undefined)]));
  const readings = readingsOf(pairs, metric);
  const total = readings.pairs.length;
  const each = new Array<PairScores>(total);
  const columns = asked.positions === "each" ? columnsOf(pairs) : undefined;
  let done = 0;
  for (const numbers of batchesByLength(readings.pairs, batchSize)) {
    signal?.throwIfAborted();
    const scores = await scoreBatch(model, readings.pairs, numbers, metric, {
      ...{ ...asked, steps },
      ...{ kinds, columns, layersOf: (kind) => layersBy.get(kind)! },
    });
    numbers.forEach((number, row) => {
      each[number] = scores[row];
    });
    done += numbers.length;
    onProgress?.({ done, total, stage: "attribution" });
  }
  const baselines = readings.baselines(each.map(({ baseline }) => baseline));
  const byKind = (kind: NodeKind) => readings.merged(each.map((one) => one.byKind[kind]));
  const found = { baselines, byKind, layersBy };
  return {
    method: "atp",
    asked: askedOf(asked, { ...answers, steps, ...(typeof metric === "string" && { metric }) }),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: arrange(model, pairs, found, kinds, asked),
    tables: { baselines: baselineTable({ metric, baselines }) },
    notes: [...there.notes, ...notes, ...edgeNotes(pairs, { metric, baselines })],
    provenance: provenanceOf(model),
  };
}

/** Of the request. */
interface Found {
  readonly baselines: readonly PairBaseline[];
  /** By pair. */
  readonly byKind: (kind: NodeKind) => Float64Array[];
  readonly layersBy: ReadonlyMap<NodeKind, readonly number[]>;
}

/** The corrections of AtP* are about one softmax and one sum; what they would mean for pairs that spans align, or of several continuations, is not known. */
function requireSimple(pairs: readonly PromptPair[], { qkFix, gradDrop }: AskedAttribution): void {
  const aligned = pairs.some((pair) => pair.aligned);
  const sequence = pairs.some(({ answer, wrongAnswer }) => answer.sequence ?? wrongAnswer?.sequence); // biome-ignore format: one line
  if (qkFix && aligned) {
    throw new InvalidArgumentError("qkFix", qkFix, "exchanges queries and keys position by position, which pairs that spans align do not have; leave it out, or patch."); // biome-ignore format: one error
  }
  if (gradDrop && sequence) {
    throw new InvalidArgumentError("gradDrop", gradDrop, "takes sizes of slopes, which do not add up over the tokens of an answer; leave it out, or give single tokens."); // biome-ignore format: one error
  }
}

/** Positions that stand for something in every pair. */
function columnsOf(pairs: readonly PromptPair[]): number[] {
  const [first, ...rest] = pairs.map(sharedPositions);
  return first.filter((at) => rest.every((own) => own.includes(at)));
}

function arrange(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  { baselines, byKind, layersBy }: Found,
  kinds: readonly NodeKind[],
  { positions, direction }: AskedAttribution,
): AttributionPatchingGrids {
  const shown = columnsOf(pairs);
  const tokens = positionLabels(model, pairs[0].clean.ids, shown);
  const position: Label[] = positions === "all" ? ["all"] : pairs.length > 1 ? shown : tokens; // biome-ignore format: one choice
  const distance = mean(baselines.map(({ clean, corrupted }) => clean - corrupted));
  const scale = direction === "denoising" ? distance : -distance;
  const grids: Record<string, Grid> = {};
  for (const kind of kinds) {
    const layer = layersBy.get(kind)!;
    const rows = byKind(kind);
    const heads = headsOf(model, kind) && rows[0].length / layer.length / position.length;
    const labels: Record<string, readonly Label[]> = heads
      ? { layer, head: range(heads), position }
      : { layer, position };
    grids[kind] = createGrid({ labels, ...estimates(rows, scale), unit: "effect", neutral: 0 });
    grids[`${kind}ByPair`] = createGrid({
      labels: { pair: range(pairs.length), ...labels },
      values: rows.flatMap((row) => [...row]),
      unit: "metric",
      neutral: 0,
    });
  }
  return grids;
}

/** Means over pairs on the scale between the baselines, and of several pairs 1.96 standard errors around them. */
function estimates(rows: readonly Float64Array[], scale: number) {
  const { mean: means, margin: margins } = meanScores(rows);
  const values = means.map((value) => value / scale);
  if (rows.length === 1) return { values };
  const margin = margins.map((value) => value / Math.abs(scale));
  const low = values.map((value, at) => value - margin[at]);
  const high = values.map((value, at) => value + margin[at]);
  return { values, low, high };
}
