/** Routing: which experts a token goes to, and with what weights. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ExpertsConfig } from "../config/experts-config.js";

/**
 * Chooses experts by their scores, the best first. No gradient goes through a choice.
 *
 * @param logits of the router, (batch, position, experts)
 * @param correction added to the scores for the choice only, (experts)
 * @returns int32 (batch, position, topK)
 */
export function chooseExperts(
  logits: MxArray,
  config: ExpertsConfig,
  correction: MxArray | null,
): MxArray {
  const corrected = correction ? mx.add(scoresOf(logits, config), correction) : logits;
  const groups = config.groups;
  // Without a correction scores keep the order of the logits, but groups are judged by sums of scores.
  const judged = groups && !correction ? scoresOf(logits, config) : corrected;
  const open = groups ? withinBestGroups(judged, groups) : judged;
  const order = mx.argsort(mx.negative(mx.stopGradient(open)), -1);
  return order.index("...", mx.Slice(0, config.topK)).astype(mx.int32);
}

function scoresOf(logits: MxArray, { scoring }: ExpertsConfig): MxArray {
  return scoring === "sigmoid" ? mx.sigmoid(logits) : mx.softmax(logits, -1, true);
}

/**
 * Puts minus infinity in the place of the scores of all but the best groups, since corrected scores may be negative.
 * Source: DeepSeek-AI 2024, "DeepSeek-V3 Technical Report", section 2.1.2.
 */
function withinBestGroups(
  scores: MxArray,
  { count, chosen, judgedBy = 2 }: NonNullable<ExpertsConfig["groups"]>,
): MxArray {
  const [batch, length, experts] = scores.shape;
  const grouped = scores.reshape([batch, length, count, experts / count]);
  const best = mx.sort(grouped, -1).index("...", mx.Slice(-judgedBy, null));
  const merit = mx.sum(best, -1); // (batch, position, groups)
  // Ranks rather than a threshold, so that exactly `chosen` groups stay where merits are equal.
  const rank = mx.argsort(mx.argsort(mx.negative(merit), -1), -1);
  const kept = mx.expandDims(mx.less(rank, chosen), 3);
  return mx.where(kept, grouped, Number.NEGATIVE_INFINITY).reshape(scores.shape);
}

/**
 * The weights of given experts, whoever chose them.
 *
 * @param logits (batch, position, experts)
 * @param indices (batch, position, topK)
 * @returns (batch, position, topK)
 */
export function weighExperts(logits: MxArray, indices: MxArray, config: ExpertsConfig): MxArray {
  const { scoring, normalized, scale } = config;
  const chosen = (scores: MxArray) => mx.takeAlongAxis(scores, indices, -1);
  let weights: MxArray;
  if (scoring === "sigmoid") {
    const scores = chosen(mx.sigmoid(logits));
    const sum = mx.add(mx.sum(scores, -1, true), 1e-20);
    weights = normalized ? mx.divide(scores, sum) : scores;
  } else if (scoring === "sparseMixer") {
    weights = sparseMixer(logits, indices, config.closeness ?? 0);
  } else if (normalized) {
    weights = mx.softmax(chosen(logits), -1, true);
  } else {
    weights = chosen(mx.softmax(logits, -1, true));
  }
  return scale === undefined ? weights : mx.multiply(weights, scale);
}

/**
 * Each chosen expert's share among those that were not chosen before it and come close to it.
 * Source: Liu, Gao and Chen 2023, "Sparse Backpropagation for MoE Training"; as Phi-3.5-MoE runs it.
 */
function sparseMixer(logits: MxArray, indices: MxArray, closeness: number): MxArray {
  const experts = mx.arange(0, logits.shape[2], 1, mx.int32);
  const fixed = mx.stopGradient(logits);
  let open = logits;
  const shares = Array.from({ length: indices.shape[2] }, (_, rank) => {
    const index = indices.index("...", mx.Slice(rank, rank + 1)); // (batch, position, 1)
    const own = mx.takeAlongAxis(fixed, index, -1);
    const distance = mx.divide(mx.subtract(own, fixed), mx.maximum(mx.abs(fixed), own));
    const far = mx.greater(distance, 2 * closeness);
    const near = mx.where(far, Number.NEGATIVE_INFINITY, open);
    open = mx.where(mx.equal(experts, index), Number.NEGATIVE_INFINITY, open);
    return mx.takeAlongAxis(mx.softmax(near, -1, true), index, -1);
  });
  return mx.concatenate(shares, -1);
}
