/**
 * Answers of several tokens for methods that are linear in what they judge by: each continuation is a pair of prompts of its own, with the
 * answer's tokens but the last fed behind both, and what is found of them is added up.
 *
 * The logarithm of a sequence's probability is a sum over its steps, and a difference of two sequences a difference of two such sums, each after its own
 * continuation. So a slope, an effect or a score of a pair is the sum over its continuations, with their signs.
 */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { AnswerTokens } from "./answers.js";
import { apart, type PairBaseline } from "./baselines.js";
import { EqualBaselinesError } from "./errors.js";
import { type Metric, metricName } from "./metrics.js";
import type { PromptPair } from "./pairs.js";
import { readingOf } from "./sequences.js";

/** Pairs as they are run, and how what is found of them is put together. */
export interface Readings {
  /** As given where every answer is one token. */
  readonly pairs: readonly PromptPair[];
  /** From one list for each of those to one for each pair of the request. */
  merged<T extends ArrayLike<number> & { map(change: (value: number, at: number) => number): T }>(
    found: readonly T[],
  ): T[];
  /** @throws EqualBaselinesError (`EQUAL_BASELINES`) */
  baselines(found: readonly PairBaseline[]): PairBaseline[];
}

interface Part {
  readonly pair: number;
  readonly weight: number;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sequences with a metric that is no sum of log probabilities */
export function readingsOf(given: readonly PromptPair[], metric: Metric): Readings {
  const sequences = given.some(hasSequence);
  if (!sequences) {
    return { pairs: given, merged: (found) => [...found], baselines: (found) => [...found] };
  }
  const signs = signsOf(metric, given);
  const pairs: PromptPair[] = [];
  const parts: Part[] = [];
  for (const [pair, own] of given.entries()) {
    const all = hasSequence(own) ? [own.answer, own.wrongAnswer].slice(0, signs.length) : [];
    for (const [at, answer] of all.entries()) {
      pairs.push(continued(own, answer as AnswerTokens));
      parts.push({ pair, weight: signs[at] });
    }
    if (all.length > 0) continue;
    pairs.push(own);
    parts.push({ pair, weight: 1 });
  }
  const partsOf = given.map((_, pair) => parts.flatMap((part, at) => (part.pair === pair ? [{ at, ...part }] : []))); // biome-ignore format: one list
  return {
    pairs,
    merged: (found) =>
      partsOf.map((own) =>
        found[own[0].at].map((_, place) =>
          own.reduce((sum, { at, weight }) => sum + weight * found[at][place], 0),
        ),
      ),
    baselines: (found) =>
      partsOf.map((own, pair) => {
        const total = (side: "clean" | "corrupted") =>
          own.reduce((sum, { at, weight }) => sum + weight * found[at][side], 0);
        const [clean, corrupted] = [total("clean"), total("corrupted")];
        if (!apart(given[pair], clean, corrupted)) {
          throw new EqualBaselinesError(pair, metricName(metric), clean, corrupted);
        }
        const first = found[own[0].at];
        const prefers = own.length > 1 ? clean > 0 : first.prefers;
        return { clean, corrupted, answerRank: first.answerRank, ...(prefers !== undefined && { prefers }) }; // biome-ignore format: one object
      }),
  };
}

function hasSequence({ answer, wrongAnswer }: PromptPair): boolean {
  return (answer.sequence ?? wrongAnswer?.sequence) !== undefined;
}

/** What the log probabilities of the answer, and of the wrong one, count. */
function signsOf(metric: Metric, pairs: readonly PromptPair[]): number[] {
  const wrong = pairs.every(({ wrongAnswer }) => wrongAnswer !== undefined);
  if (metric === "logProbability") return [1];
  if (metric === "crossEntropy") return [-1];
  if (metric === "logitDifference" && wrong) return [1, -1];
  const rule = `${metricName(metric)} is no sum of log probabilities, but an answer is several tokens here; take logitDifference (with a wrong answer), logProbability or crossEntropy. patch and ablate have more.`;
  throw new InvalidArgumentError("metric", metricName(metric), rule);
}

/** The pair with all tokens of an answer but the last behind both prompts; it is judged by all of them. */
function continued({ wrongAnswer: _, ...pair }: PromptPair, answer: AnswerTokens): PromptPair {
  const { fed, steps } = readingOf(answer);
  const { clean, corrupted, aligned } = pair;
  const behind = fed.map((_, at) => corrupted.ids.length + at);
  return {
    clean: { ...clean, ids: [...clean.ids, ...fed] },
    corrupted: { ...corrupted, ids: [...corrupted.ids, ...fed] },
    answer,
    ...(aligned && { aligned: [...aligned, ...behind] }),
    reading: { steps, fed: fed.length },
  };
}
