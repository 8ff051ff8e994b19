/**
 * Head types: which heads look at the previous token, at copies, or at what followed a copy.
 *
 * On a random sequence that is repeated once, meaning gives no hint, so a head's attention shows its mechanism: an
 * induction head looks from the second copy to the token after its first occurrence, and so predicts the repetition; it
 * needs a previous-token head in an earlier layer to know what came after what.
 *
 * Caveats. The score is attention, not effect: ablate the heads to see that the ability goes. Models trained on
 * text of one kind may use a mechanism there and not on random tokens; give { prompts } of that kind. A head
 * can have several types, and many have none. Models without attention sinks score low as `firstToken` throughout.
 *
 * Source: Olsson et al. 2022, "In-context Learning and Induction Heads", arXiv 2209.11895; Elhage et al. 2021.
 */
import { inBatches, requirePositive } from "../lists.js";
import type { AnalysisModel } from "../model.js";
import type { RunControl } from "../progress.js";
import { type ManyPrompts, type PromptTokens, promptIds, promptTokens } from "../prompts.js";
import { provenanceOf, type ResultProvenance } from "../provenance.js";
import { type HeadKind, headKinds } from "./head-kinds.js";
import { type ScoreSums, sumScores } from "./head-scores.js";
import { repeatedTokens, startTokens } from "./random-tokens.js";

export interface HeadTypeOptions extends RunControl {
  /** Of the random tokens. Default: 0. */
  readonly seed?: number;
  /** Tokens of one copy. Default: 50, or what fits the model. */
  readonly length?: number;
  /** Random sequences. Default: 8. */
  readonly sequences?: number;
  /** Prompts of one's own in place of random tokens. */
  readonly prompts?: ManyPrompts;
  /** Least score for a head to be called of a type. Default: 0.4. */
  readonly threshold?: number;
  /** Sequences in one pass. Default: 8. */
  readonly batchSize?: number;
}

/** One head and how much it looks where heads of each type do: 0 never, 1 with all its attention. */
export interface HeadScores {
  readonly layer: number;
  readonly head: number;
  readonly scores: Readonly<Record<HeadKind, number>>;
  /** The type with the highest score, if that reaches the threshold. */
  readonly type: HeadKind | null;
}

export interface HeadTypesResult {
  /** Layer by layer, and within it head by head. */
  readonly heads: readonly HeadScores[];
  readonly threshold: number;
  /** What was fed. */
  readonly prompts: readonly PromptTokens[];
  readonly provenance: ResultProvenance;
}

/**
 * Scores every head for every type. A type without any target in the prompts (no token repeats) scores 0.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sequences that do not fit the model
 * @example
 * const { heads } = await headTypes(model, { seed: 0 });
 * heads.filter(({ type }) => type === "induction");
 */
export async function headTypes(
  model: AnalysisModel,
  options: HeadTypeOptions = {},
): Promise<HeadTypesResult> {
  const { seed = 0, threshold = 0.4, batchSize = 8, signal, onProgress } = options;
  const prompts = options.prompts
    ? promptIds(model, options.prompts)
    : randomPrompts(model, seed, options);
  const sums: ScoreSums[] = [];
  let done = 0;
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    sums.push(await sumScores(model, batch));
    done += batch.length;
    onProgress?.({ done, total: prompts.length, stage: "head types" });
  }
  return {
    heads: classify(model, sums, threshold),
    threshold,
    prompts: prompts.map((ids) => promptTokens(model, ids)),
    provenance: provenanceOf(model, "headTypes", options.prompts ? undefined : seed),
  };
}

function randomPrompts(model: AnalysisModel, seed: number, options: HeadTypeOptions): number[][] {
  const { length = fittingLength(model) } = options;
  const sequences = requirePositive("sequences", options.sequences ?? 8);
  return repeatedTokens(model, { seed, length, sequences });
}

function fittingLength(model: AnalysisModel): number {
  const limit = model.anatomy.maxPositions ?? Number.POSITIVE_INFINITY;
  return Math.min(50, Math.floor((limit - startTokens(model).length) / 2));
}

function classify(
  model: AnalysisModel,
  sums: readonly ScoreSums[],
  threshold: number,
): HeadScores[] {
  const { layers, heads } = model.anatomy;
  const score = (layer: number, head: number, kind: number): number => {
    const queries = sums.reduce((sum, batch) => sum + batch.queries[kind], 0);
    const attention = sums.reduce((sum, batch) => sum + batch.attention[layer][head][kind], 0);
    return queries > 0 ? attention / queries : 0;
  };
  return Array.from({ length: layers * heads }, (_, index) => {
    const [layer, head] = [Math.floor(index / heads), index % heads];
    const entries = headKinds.map((kind, at) => [kind, score(layer, head, at)] as const);
    const [best, highest] = entries.reduce((a, b) => (b[1] > a[1] ? b : a));
    const scores = Object.fromEntries(entries) as Record<HeadKind, number>;
    return { layer, head, scores, type: highest >= threshold ? best : null };
  });
}
