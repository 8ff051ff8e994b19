/** What metrics are called; loads nothing, so that schemas can list them. */

/**
 * - `logitDifference`: logit of the answer − logit of the wrong answer, each the mean over its tokens where there are several. Linear in
 *   the residual stream's last read, blind to what raises both; the usual choice (Heimersheim & Nanda 2024, arXiv 2404.15255, section 4.2).
 * - `probability`: of the answer, summed over its tokens. Saturates near 0 and 1, so small effects hide there.
 * - `logProbability`: its natural logarithm.
 * - `probabilityDifference`: probability of the answer − that of the wrong answer (Hanna et al. 2023, arXiv 2305.00586).
 */
type SmoothMetricName = (typeof smoothMetrics)[number];

/**
 * Further, of which less may be better:
 * - `crossEntropy`: the log probability with the other sign.
 * - `rank`: of the answer in the vocabulary, 1 for the most likely token; of several tokens the best.
 * - `accuracy`: 1 where the answer is first, else 0.
 * - `kl`: how far the prediction is from that of the clean run, KL(clean ‖ run) in nats.
 */
export type MetricName = SmoothMetricName | "crossEntropy" | "rank" | "accuracy" | "kl";

/** Those that have a slope, and of which more is better. */
export const smoothMetrics = [
  "logitDifference",
  "probability",
  "logProbability",
  "probabilityDifference",
] as const;

export const metricNames = [...smoothMetrics, "crossEntropy", "rank", "accuracy", "kl"] as const;
