/** Log-probabilities of logits, and how far two predictions are apart. */
import { InvalidArgumentError } from "@mlxterp/results/errors";
import { mx } from "./binding.js";
import { checkReal } from "./guard.js";
import type { MxArray } from "./types/array.js";

/**
 * Log-probabilities along the last axis. Lazy.
 *
 * @param logits (…, vocab)
 * @returns the same shape, in nats
 * @example
 * logProbabilities(mx.zeros([1, 4])).shape; // [1, 4]
 */
export function logProbabilities(logits: MxArray): MxArray {
  checkRows("logits", logits);
  if (logits.size === 0) return logits;
  return mx.subtract(logits, mx.logsumexp(logits, -1, true));
}

/**
 * KL(own ‖ other) in nats, along the last axis: a product, since a sum over a vocabulary is slow and loses its tail. Lazy.
 *
 * @param own log-probabilities, (…, vocab)
 * @param other likewise; the shapes are broadcast
 * @returns (…)
 * @example
 * const even = logProbabilities(mx.zeros([1, 4]));
 * klDivergence(even, even).shape; // [1]
 */
export function klDivergence(own: MxArray, other: MxArray): MxArray {
  checkRows("own", own);
  checkRows("other", other);
  checkBroadcast(own.shape, other);
  const differences = mx.expandDims(mx.subtract(own, other), -1); // (…, vocab, 1)
  const weights = mx.expandDims(mx.exp(own), -2); // (…, 1, vocab)
  return mx.matmul(weights, differences).squeeze([-2, -1]);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another vocabulary, or rows that do not go together */
function checkBroadcast(shape: readonly number[], other: MxArray): void {
  const axes = Math.min(shape.length, other.ndim);
  const fits = Array.from({ length: axes }, (_, at) => [
    shape.at(-1 - at),
    other.shape.at(-1 - at),
  ]);
  if (fits.every(([a, b], at) => a === b || (at > 0 && (a === 1 || b === 1)))) return;
  const rule = `has shape [${other.shape.join(", ")}], which does not go with [${shape.join(", ")}].`;
  throw new InvalidArgumentError("other", other, rule);
}

function checkRows(argument: string, value: MxArray): void {
  if (checkReal(argument, value).ndim > 0) return;
  throw new InvalidArgumentError(argument, value, "must have an axis of the vocabulary, the last.");
}
