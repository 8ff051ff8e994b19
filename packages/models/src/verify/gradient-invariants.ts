/** Invariants of gradients: they are what differences come to. */
import type { GradientMetric } from "@mlxterp/core";
import { evaluate, mx } from "@mlxterp/mlx";
import { type Measure, measure } from "./comparison.js";
import {
  closest,
  type Derivative,
  derivativeByDifferences,
  metricAt,
} from "./directional-derivative.js";
import { withFixedChoices } from "./fixed-choices.js";
import type { Invariant } from "./invariant.js";
import { type AnySubject, sitesLike } from "./subject.js";

/** Differences in float32 lose half of its digits, and steps that are large enough to be seen bend. */
const tolerance = 1e-2;

/** The lead of one token over another at the last position. */
const lead = ({ ids, model }: AnySubject): GradientMetric => {
  const [one, other] = [ids[0], (ids[0] + 1) % model.anatomy.vocab];
  return (logits) => mx.subtract(logits.index(0, -1, one), logits.index(0, -1, other));
};

type Differentiated = (subject: AnySubject) => {
  readonly layer: string;
  readonly metric: GradientMetric;
};

/** Captured gradients, at a layer and inside it, say what a small change of the value does. */
export const gradientsOf = (chosen: Differentiated): Invariant => ({
  name: "gradients are differences",
  statement: "⟨gradient, direction⟩ = (metric(x + step) − metric(x − step)) / 2 step, relative",
  exact: false,
  tolerance,
  async measure(subject) {
    const { model, ids } = subject;
    const { layer, metric } = chosen(subject);
    const inside = new RegExp(
      `^${layer}\\.((selfAttn|crossAttention)\\.pattern|mixer\\.(write|post)|mlp\\.post)$`,
    );
    const sites = [layer, ...sitesLike(subject, inside)];
    const { gradients, values } = await model.gradients([ids], metric, {
      save: sites,
      values: true,
    });
    const measures: Measure[] = [];
    const fixed = await withFixedChoices(model, ids);
    for (const [site, gradient] of gradients) {
      const checked = { site, gradient, value: values.get(site) };
      const found = await derivativeByDifferences(fixed, [ids], metric, checked);
      measures.push(...ratio(site, found));
    }
    return measures;
  },
});

/** The same of the layer in the middle, and what comes next. */
export const gradientsAreDifferences = gradientsOf((subject) => ({
  layer: subject.middle,
  metric: lead(subject),
}));

/** The steps of a patch, as parts of the whole. */
const parts = [1 / 64, 1 / 128, 1 / 256];

/** What attribution patching says is what patching comes to when less and less is patched. */
export const attributionIsPatching: Invariant = {
  name: "attribution approaches patching",
  statement:
    "⟨gradient, other − own⟩ = effect of patching a part / part, as the part shrinks, relative",
  exact: false,
  tolerance,
  async measure(subject) {
    const { model, ids, other } = subject;
    const site = subject.middle;
    const metric = lead(subject);
    const { gradients, values } = await model.gradients([ids], metric, {
      save: site,
      values: true,
    });
    const patch = (await model.run([other], { save: site })).get(site);
    const way = mx.subtract(patch, values.get(site));
    const products = mx.multiply(gradients.get(site), way);
    const [expected, total] = [mx.sum(products), mx.sum(mx.abs(products))];
    const fixed = await withFixedChoices(model, ids);
    const at = (part: number) => metricAt(fixed, [ids], metric, site, mx.multiply(way, part));
    const effects = parts.map((part) => mx.divide(mx.subtract(at(part), at(-part)), 2 * part));
    await evaluate([expected, total, ...effects]);
    const slopes = effects.map((effect) => Number(effect.item()));
    const estimates = slopes.slice(1).map((fine, index) => (4 * fine - slopes[index]) / 3);
    const attribution = Number(expected.item());
    const received = closest(estimates, attribution);
    // Where large terms cancel, what is left is no better known than they are.
    const size = Math.max(Math.abs(attribution), Number(total.item()) / 100);
    return ratio(site, { expected: attribution, received }, size);
  },
};

/** Both in units of what is expected, or of a given size, so that one tolerance fits all models. */
function ratio(
  where: string,
  { expected, received }: Derivative,
  unit: number = Math.abs(expected),
): Measure[] {
  const size = unit === 0 ? 1 : unit;
  return measure([
    { where, received: mx.array(received / size), expected: mx.array(expected / size) },
  ]);
}
