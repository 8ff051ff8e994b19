/** What a run is judged by: one number for each row of last-position logits. */
import {
  InvalidArgumentError,
  isArray,
  isCallable,
  klDivergence,
  logProbabilities,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { MetricShapeError } from "./errors.js";
import { type MetricName, metricNames } from "./metric-names.js";
import { ranksOf } from "./ranks.js";
import { logitsOf, logProbabilityOf, type TokenSet } from "./token-sets.js";

export type { MetricName } from "./metric-names.js";

/** A metric of one's own: logits (rows, vocab) → (rows). Lazy: it must not evaluate. */
export type MetricFunction = (logits: MxArray) => MxArray;

export type Metric = MetricName | MetricFunction;

/** What a metric is about: of each row of logits the token, or tokens, that are right; or those of all rows. */
export interface MetricTokens {
  readonly answer: readonly TokenSet[];
  readonly wrongAnswer?: readonly TokenSet[] | undefined;
  /** The clean run's logits, (rows or 1, vocab), for `kl`. */
  readonly reference?: MxArray;
}

/** The default: the logit difference where there is a wrong answer, else the log probability. */
export function chooseMetric(metric: Metric | undefined, hasWrongAnswer: boolean): Metric {
  return metric ?? (hasWrongAnswer ? "logitDifference" : "logProbability");
}

/** How a metric is called in results. */
export function metricName(metric: Metric): string {
  return typeof metric === "string" ? metric : metric.name || "custom";
}

/** Whether less of it is better. */
export function isLoss(metric: string): boolean {
  return metric === "kl" || metric === "rank" || metric === "crossEntropy";
}

/**
 * A function from logits (rows, vocab) to scores (rows).
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an unknown name, a difference without wrong answer, or `kl` where nothing is compared
 */
export function createMetric(metric: Metric, tokens: MetricTokens): MetricFunction {
  if (isCallable(metric)) return (logits) => checked(metric(logits), logits.shape[0]);
  const { answer, reference } = tokens;
  const logProbability = (logits: MxArray) => logProbabilityOf(logits, answer);
  switch (metric) {
    case "probability":
      return (logits) => mx.exp(logProbability(logits));
    case "logProbability":
      return logProbability;
    case "crossEntropy":
      return (logits) => mx.negative(logProbability(logits));
    case "rank":
      return (logits) => ranksOf(logits, answer);
    case "accuracy":
      return (logits) => mx.equal(ranksOf(logits, answer), 1).astype(mx.float32);
    case "logitDifference": {
      const wrong = wrongOf(metric, tokens);
      return (logits) => mx.subtract(logitsOf(logits, answer), logitsOf(logits, wrong));
    }
    case "probabilityDifference": {
      const wrong = wrongOf(metric, tokens);
      return (logits) =>
        mx.subtract(mx.exp(logProbability(logits)), mx.exp(logProbabilityOf(logits, wrong)));
    }
    case "kl":
      if (!reference) {
        const rule =
          "kl compares with the clean run; this method does not keep it. Use patch, ablate or path.";
        throw new InvalidArgumentError("metric", metric, rule);
      }
      return (logits) => klDivergence(logProbabilities(reference), logProbabilities(logits));
    default: {
      const rule = `"${String(metric)}" is not known; known: ${metricNames.join(", ")}, or a function.`;
      throw new InvalidArgumentError("metric", metric, rule);
    }
  }
}

function wrongOf(metric: string, { wrongAnswer }: MetricTokens): readonly TokenSet[] {
  if (wrongAnswer) return wrongAnswer;
  const kind = metric === "logitDifference" ? "logit difference" : "difference of probabilities";
  const rule = `a ${kind} needs { wrongAnswer }; or choose logProbability.`;
  throw new InvalidArgumentError("metric", metric, rule);
}

function checked(scores: unknown, rows: number): MxArray {
  if (!isArray(scores)) throw new MetricShapeError([rows], typeof scores);
  const { shape } = scores;
  if (shape.length !== 1 || shape[0] !== rows) throw new MetricShapeError([rows], shape);
  return scores;
}
