/** What the runs of one prompt, or of a pair, are judged by, in as many passes as its answers need. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import type { AnswerTokens } from "../shared/answers.js";
import { createMetric, type Metric, metricName } from "../shared/metrics.js";
import {
  type Reading,
  readingOf,
  sequenceLogProbability,
  sequenceRank,
} from "../shared/sequences.js";

export interface AskedAbout {
  readonly answer: AnswerTokens;
  readonly wrongAnswer?: AnswerTokens | undefined;
}

/** How answers are read: one pass, or one for each answer that is a sequence or is compared with one. */
export interface RunJudge {
  readonly readings: readonly Reading[];
  /**
   * @param reading its number
   * @param reference the clean run's logits, (1, vocab), for `kl`
   * @returns from logits (rows, vocab), or (rows, steps, vocab) of several steps, to numbers (rows)
   */
  read(reading: number, reference?: MxArray): (logits: MxArray) => MxArray;
  /** Scores from what was read in each pass. */
  combine(read: readonly (readonly number[])[]): number[];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a metric that cannot be read of such answers */
export function judgeOf(metric: Metric, about: AskedAbout): RunJudge {
  const { answer, wrongAnswer } = about;
  if (answer.sequence || wrongAnswer?.sequence) return sequenceJudge(metric, about);
  const tokens = { answer: [answer.set], wrongAnswer: wrongAnswer && [wrongAnswer.set] };
  createMetric(metric, { ...tokens, reference: mx.array([[0]]) }); // refuses early what it cannot do
  return {
    readings: [readingOf(answer)],
    read: (_, reference) => createMetric(metric, { ...tokens, ...(reference && { reference }) }),
    combine: ([scores]) => [...scores],
  };
}

type Combine = (own: number, other: number) => number;

/** From log probabilities of the answer and of the wrong answer. */
const combinations: Readonly<Record<string, Combine>> = {
  logProbability: (own) => own,
  crossEntropy: (own) => -own,
  probability: (own) => Math.exp(own),
  logitDifference: (own, other) => own - other, // of one token, the same as that of logits
  probabilityDifference: (own, other) => Math.exp(own) - Math.exp(other),
  rank: (own) => own,
  accuracy: (own) => (own === 1 ? 1 : 0),
};

function sequenceJudge(metric: Metric, { answer, wrongAnswer }: AskedAbout): RunJudge {
  const name = metricName(metric);
  const combination = typeof metric === "string" ? combinations[metric] : undefined;
  if (!combination) {
    const rule = `${name} reads one position, but an answer is several tokens here; take ${Object.keys(combinations).join(", ")}.`;
    throw new InvalidArgumentError("metric", name, rule);
  }
  const differs = name === "logitDifference" || name === "probabilityDifference";
  if (differs && !wrongAnswer) {
    throw new InvalidArgumentError("metric", name, "it needs { wrongAnswer }; or choose logProbability."); // biome-ignore format: one error
  }
  const readings = [readingOf(answer), ...(differs ? [readingOf(wrongAnswer!)] : [])];
  const score = name === "rank" || name === "accuracy" ? sequenceRank : sequenceLogProbability;
  return {
    readings,
    read: (reading) => (logits) => {
      const { steps } = readings[reading];
      const stepwise = steps.length === 1 && logits.ndim === 2 ? mx.expandDims(logits, 1) : logits;
      return score(stepwise, steps);
    },
    combine: ([own, other]) => own.map((value, row) => combination(value, other?.[row] ?? 0)),
  };
}
