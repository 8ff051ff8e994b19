/** What a run is judged by: one number for each row of last-position logits. */
import { InvalidArgumentError, isArray, isCallable, type MxArray, mx } from "@mlxterp/mlx";
import { MetricShapeError } from "./errors.js";

/**
 * - `logitDifference`: logit of the answer − logit of the wrong answer. Linear in the residual stream's last read,
 *   blind to what raises both; the usual choice (Heimersheim & Nanda 2024, arXiv 2404.15255, section 4.2).
 * - `probability`: of the answer. Saturates near 0 and 1, so small effects hide there.
 * - `logProbability`: its natural logarithm.
 */
export type MetricName = "logitDifference" | "probability" | "logProbability";

/** A metric of one's own: logits (rows, vocab) → (rows). Lazy: it must not evaluate. */
export type MetricFunction = (logits: MxArray) => MxArray;

export type Metric = MetricName | MetricFunction;

/** The tokens that a metric is about: one for each row of logits, or one for all. */
export interface MetricTokens {
  readonly answer: readonly number[];
  readonly wrongAnswer?: readonly number[];
}

/** The default: the logit difference where there is a wrong answer, else the log probability. */
export function chooseMetric(metric: Metric | undefined, hasWrongAnswer: boolean): Metric {
  return metric ?? (hasWrongAnswer ? "logitDifference" : "logProbability");
}

/** How a metric is called in results. */
export function metricName(metric: Metric): string {
  return typeof metric === "string" ? metric : metric.name || "custom";
}

/**
 * A function from logits (rows, vocab) to scores (rows).
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an unknown name, or a logit difference without wrong answer
 */
export function createMetric(metric: Metric, tokens: MetricTokens): MetricFunction {
  if (isCallable(metric)) return (logits) => checked(metric(logits), logits.shape[0]);
  const { answer, wrongAnswer } = tokens;
  switch (metric) {
    case "probability":
      return (logits) => mx.exp(logProbability(logits, answer));
    case "logProbability":
      return (logits) => logProbability(logits, answer);
    case "logitDifference":
      if (!wrongAnswer) {
        const rule = "a logit difference needs { wrongAnswer }; or choose logProbability.";
        throw new InvalidArgumentError("metric", metric, rule);
      }
      return (logits) => mx.subtract(logitsOf(logits, answer), logitsOf(logits, wrongAnswer));
    default: {
      const rule = `"${String(metric)}" is not known; known: logitDifference, probability, logProbability, or a function.`;
      throw new InvalidArgumentError("metric", metric, rule);
    }
  }
}

function logProbability(logits: MxArray, answer: readonly number[]): MxArray {
  return mx.subtract(logitsOf(logits, answer), mx.logsumexp(logits, 1));
}

/** One token’s logit of each row, or one token’s of all: (rows, vocab) → (rows). Lazy. */
export function logitsOf(logits: MxArray, tokens: readonly number[]): MxArray {
  if (tokens.length === 1) return logits.index("...", tokens[0]);
  const index = mx.array([...tokens], mx.int32).reshape([-1, 1]);
  return mx.takeAlongAxis(logits, index, 1).squeeze(1);
}

function checked(scores: unknown, rows: number): MxArray {
  if (!isArray(scores)) throw new MetricShapeError([rows], typeof scores);
  const { shape } = scores;
  if (shape.length !== 1 || shape[0] !== rows) throw new MetricShapeError([rows], shape);
  return scores;
}
