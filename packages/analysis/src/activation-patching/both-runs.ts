/** Both prompts of a pair, run once, and what they score. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { RunJudge } from "../patching/judge.js";
import { type NextToken, nextTokens, readNext } from "../patching/next-tokens.js";
import { axisOf, type Part } from "../patching/parts.js";
import { sitesOf } from "../patching/sweep.js";
import { stepLogits } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { sequenceLogProbability, sequenceRank } from "../shared/sequences.js";
import type { MatrixPlan } from "./plan.js";
import type { BothRuns } from "./sources.js";

/** One of the passes that an answer takes. */
export interface JudgedReading {
  readonly judge: RunJudge;
  readonly reading: number;
}

/**
 * Both prompts in one pass, each with its own positions only.
 *
 * @param takesOther whether patches are taken from these runs
 */
export async function runBoth(
  model: AnalysisModel,
  both: readonly (readonly number[])[],
  plans: readonly MatrixPlan[],
  takesOther: boolean,
): Promise<BothRuns> {
  const last = `layers.${model.anatomy.layers - 1}`;
  const kinds: Part[] = takesOther ? plans.map(({ kind }) => kind) : [];
  if (plans.some(({ group }) => group !== undefined)) kinds.push("head");
  const wanted = sitesOf(kinds.filter((kind) => kind !== "residual"));
  const cache = await model.run(both, { save: ["layers.*.input", ...wanted, last] });
  const widths = both.map(({ length }) => length);
  const ragged = widths[0] !== widths[1];
  return {
    lengths: widths,
    of: (row) => (site) => {
      const own = cache.get(site).index(mx.Slice(row, row + 1));
      return ragged ? withoutPadding(own, site, widths[row]) : own;
    },
    logits: (steps) =>
      [0, 1].map((row) => {
        const stream = cache.get(last).index(mx.Slice(row, row + 1), mx.Slice(0, widths[row]));
        return stepLogits(model, stream, steps).index(0); // (steps, vocab)
      }),
    resultOf: (row) => cache.get(last).index(mx.Slice(row, row + 1), mx.Slice(0, widths[row])),
  };
}

/** Of sites with one axis of positions. */
function withoutPadding(x: MxArray, site: string, length: number): MxArray {
  const own = mx.Slice(0, length);
  return axisOf(site) === 2 ? x.index(mx.Slice(), mx.Slice(), own) : x.index(mx.Slice(), own);
}

export interface BothFacts {
  /** Of the clean and the corrupted run. */
  readonly own: readonly number[];
  readonly answerRank: number;
  /** Whether the clean prompt makes the answer more likely than the wrong one, where that is one reading. */
  readonly prefers: boolean | undefined;
  /** The clean run's logits at the last position, (1, vocab). */
  readonly reference: MxArray;
  /** What the clean and the corrupted run say after the prompt. */
  readonly next: readonly NextToken[];
}

/** What both runs score, and where the answer stands after the clean prompt. */
export async function judgeBoth(
  model: AnalysisModel,
  { answer, wrongAnswer, clean: own, corrupted }: PromptPair,
  logits: readonly MxArray[],
  { judge, reading }: JudgedReading,
): Promise<BothFacts> {
  const { steps } = judge.readings[reading];
  const reference = logits[0].index(mx.Slice(-1, null));
  const score = judge.read(reading, reference);
  const judged = logits.map((one) => score(steps.length === 1 ? one : mx.expandDims(one, 0)));
  const clean = mx.expandDims(logits[0], 0);
  const asked = reading === 0 ? steps : [answer.set];
  const rank = sequenceRank(clean, asked);
  const likely = [answer, ...(wrongAnswer ? [wrongAnswer] : [])].map(({ set }) =>
    sequenceLogProbability(clean.index(mx.Slice(), mx.Slice(0, 1)), [set]),
  );
  const next = readNext(mx.concatenate(logits.map((one) => one.index(mx.Slice(0, 1))), 0)); // biome-ignore format: one call
  await evaluate([...judged, rank, ...likely, reference, next]);
  const scores = judged.map((one) => toFlat(one)[0]);
  if (!scores.every(Number.isFinite)) {
    throw await notFiniteError("Scores", model, [own.ids, corrupted.ids]);
  }
  const [right, wrong] = likely.map((one) => toFlat(one)[0]);
  const single = !answer.sequence && !wrongAnswer?.sequence;
  return {
    own: scores,
    answerRank: toFlat(rank)[0],
    prefers: single && wrong !== undefined ? right > wrong : undefined,
    reference,
    next: nextTokens(next),
  };
}
