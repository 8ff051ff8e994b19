/**
 * Backward rules of relevance patching, as interventions that leave every value as it is.
 *
 * Norms divide by a number that is held, attention mixes by weights that are held, an activation f(x) multiplies x by the number f(x)/x
 * that is held, and of a product each factor gets half. What is left is linear at this point, so relevance is neither made nor
 * lost: in a model without biases the values times their gradients add up to the metric at every layer.
 */
import type { Intervention, Interventions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";

/**
 * For one pass: what it saw is kept between its interventions.
 *
 * @example
 * const rules = relevanceRules(model);
 */
export function relevanceRules(model: AnalysisModel): Interventions {
  const names = model.sites().map(({ site }) => site);
  const hold: Intervention = (x) => mx.stopGradient(x);
  const held = names.filter((name) => /(^|\.)(scale|pattern)$/.test(name));
  const rules: Record<string, Intervention> = Object.fromEntries(held.map((name) => [name, hold]));
  for (const post of names.filter((name) => name.endsWith(".mlp.post"))) {
    const of = post.slice(0, -".post".length);
    const gated = names.includes(`${of}.gate`);
    const seen: { pre?: MxArray; gate?: MxArray } = {};
    rules[`${of}.pre`] = (x) => {
      seen.pre = x;
      return x;
    };
    if (gated) {
      rules[`${of}.gate`] = (x) => {
        seen.gate = x;
        return x;
      };
    }
    rules[post] = (x) => activated(x, seen.pre!, seen.gate); // both were reached before
  }
  return rules;
}

/** The neurons' values with another backward. */
function activated(post: MxArray, pre: MxArray, gate: MxArray | undefined): MxArray {
  const safe = (x: MxArray) => mx.where(mx.equal(x, 0), mx.onesLike(x), x);
  const ratio = mx.stopGradient(mx.divide(post, safe(pre))); // of a gated MLP, with the gate in it
  const byActivation = mx.multiply(pre, ratio);
  if (!gate) return exactly(post, byActivation);
  const byGate = mx.multiply(gate, mx.stopGradient(mx.divide(post, safe(gate))));
  return exactly(post, mx.divide(mx.add(byActivation, byGate), 2));
}

/** The value of the first, to the last bit, and the gradient of the second. */
function exactly(value: MxArray, path: MxArray): MxArray {
  return mx.add(mx.stopGradient(value), mx.subtract(path, mx.stopGradient(path)));
}
