/**
 * Backward rules: values that stay as they are, to the last bit, while another gradient flows back through them.
 *
 * Each is an intervention for one site, so any pass with gradients can take them.
 */
import type { Intervention } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";

/** Counts as a constant: nothing flows back. */
export const stopHere: Intervention = (x) => mx.stopGradient(x);

/** Of what arrives, half flows on: a factor's part of a product of two. */
export const halfRule: Intervention = (x) => {
  const half = mx.multiply(x, 0.5); // halves are exact
  return mx.add(half, mx.stopGradient(half));
};

/** The value of the first, to the last bit, and the gradient of the second. */
function exactly(value: MxArray, path: MxArray): MxArray {
  return mx.add(mx.stopGradient(value), mx.subtract(path, mx.stopGradient(path)));
}

/** Of a plain MLP f(x) = x · f(x)/x and of a gated one g · x · f(x)/x, with the quotient held and each factor given half. */
export function activationRule(post: MxArray, pre: MxArray, gate: MxArray | undefined): MxArray {
  const safe = (x: MxArray) => mx.where(mx.equal(x, 0), mx.onesLike(x), x);
  const ratio = mx.stopGradient(mx.divide(post, safe(pre))); // of a gated MLP, with the gate in it
  const byActivation = mx.multiply(pre, ratio);
  if (!gate) return exactly(post, byActivation);
  const byGate = mx.multiply(gate, mx.stopGradient(mx.divide(post, safe(gate))));
  return exactly(post, mx.divide(mx.add(byActivation, byGate), 2));
}

/**
 * The slope of a softmax that is less decided: that of softmax(scores / temperature), without the division by the temperature.
 *
 * @param pattern (…, key), which sums to one or, where a score belongs to no key, to less
 */
export function softmaxRule(pattern: MxArray, temperature: number): MxArray {
  const softened = (x: MxArray, least: number) =>
    mx.where(mx.greater(x, least), mx.power(mx.maximum(x, least), 1 / temperature), 0);
  const weights = softened(pattern, 1e-30);
  const keyless = softened(mx.subtract(1, mx.sum(pattern, -1, true)), 1e-6); // less is rounding
  const total = mx.add(mx.sum(weights, -1, true), keyless);
  return exactly(pattern, mx.multiply(mx.divide(weights, total), temperature));
}
