/**
 * Integrated gradients: how much of a change of the metric goes back to each activation.
 *
 * A gradient tells what a small change would do, and where something saturates that is little of what the whole change
 * does. So the gradient is averaged along a straight path from a baseline to the clean activations, and multiplied by
 * the way between them. What moves along the path may be other than what is attributed to: with the path at the
 * embeddings and attributions at every component this is the score of EAP-IG.
 *
 * Caveats. Points between two activations are nothing a model has ever seen. Attributions sum to the difference of the
 * metric only over the sites of the path, and only with enough steps; `total` and `difference` tell.
 *
 * Sources: Sundararajan et al. 2017, arXiv 1703.01365, sections 3 and 5; for activations Hanna et al. 2024, arXiv
 * 2403.17806, section 3.
 */
import {
  checkFunction,
  checkOptions,
  evaluate,
  InvalidArgumentError,
  type Module,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { metricValue } from "../gradients/metric-value.js";
import type { GradientMetric } from "../gradients/options.js";
import { checkModel } from "../model/check-model.js";
import type { InterpretableModelCore } from "../model/model.js";
import { checkSelectors } from "../sites/selector.js";
import type { ActivationCache } from "../storage/cache.js";
import { isPlainInput } from "../tokens/prompts.js";
import type { Prompt, TokenBatch } from "../tokens/tokens.js";
import {
  type IntegratedGradientOptions,
  type IntegratedGradients,
  integratedRules,
} from "./integrated-options.js";
import { atPoints, openPath, type Path } from "./path.js";
import { overBlocks, sumOfBlocks } from "./row-blocks.js";
import { type Step, stepsOf } from "./steps.js";

type Model = InterpretableModelCore<Module>;

/** One question, ready to be run. */
interface Run {
  readonly model: Model;
  readonly input: Prompt;
  readonly tokens: TokenBatch | undefined;
  readonly metric: GradientMetric;
  readonly path: Path;
  readonly options: IntegratedGradientOptions;
}

/**
 * Attributes the change of a metric between two runs to activations, by gradients along the path between them.
 *
 * @param input the prompt that is run; what is not on the path stays as it is there
 * @param metric as for `model.gradients`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a baseline of other shapes or a wrong number of steps; what
 * `model.gradients` throws; the signal's reason when cancelled
 * @example
 * const { attributions, total, difference } = await integratedGradients(model, clean, metric, {
 *   baseline: corrupted,
 *   save: "embedTokens",
 * });
 * mx.sum(attributions.get("embedTokens"), -1); // (batch, position): how much each token matters
 */
export async function integratedGradients<M extends Module>(
  model: InterpretableModelCore<M>,
  input: Prompt,
  metric: GradientMetric,
  options: IntegratedGradientOptions,
): Promise<IntegratedGradients> {
  checkOptions<IntegratedGradientOptions>("integratedGradients", options, integratedRules);
  checkModel("model", model);
  checkSelectors("save", options.save);
  checkFunction("metric", metric);
  const { interventions, steps = 16, rule = "midpoint" } = options;
  const points = stepsOf(steps, rule);
  const plain = model as unknown as Model;
  const changed = interventions ? plain.edit(interventions) : plain;
  const tokens = isPlainInput(input) ? undefined : model.tokens(input);
  const path = await openPath(changed, input, options);
  const run: Run = { model: changed, input, tokens, metric, path, options };
  const difference = await metricDifference(run);
  return summarize(path, await sumGradients(run, points), difference);
}

/** The metric at the end of the path less that at its beginning. */
async function metricDifference({ model, input, metric, path, options }: Run): Promise<number> {
  const { args } = options;
  const [end, start] = [1, 0].map((alpha) => {
    const trace = model.trace(input, { args, interventions: atPoints(path, [alpha]) });
    const { tokens, result } = trace;
    const value = (site: string) => trace.value(site);
    try {
      return metricValue(metric(trace.output.value, { tokens, result, value }));
    } finally {
      trace.dispose();
    }
  });
  const difference = mx.subtract(end, start);
  await evaluate([difference]);
  return Number(difference.item());
}

/** The weighted sum of the gradients at all points, by site. */
async function sumGradients(run: Run, points: readonly Step[]): Promise<Map<string, MxArray>> {
  const { path, options } = run;
  const perPass = stepsPerPass(run);
  const sums = new Map<string, MxArray>();
  for (let done = 0; done < points.length; ) {
    options.signal?.throwIfAborted();
    const block = points.slice(done, done + perPass);
    for (const [site, gradient] of await gradientsAt(run, block)) {
      const ends = path.ends.get(site);
      if (!ends) continue;
      const sum = sumOfBlocks(gradient, ends.clean.shape);
      const before = sums.get(site);
      sums.set(site, before ? mx.add(before, sum) : sum);
    }
    await evaluate([...sums.values()]);
    done += block.length;
    options.onProgress?.({ done, total: points.length });
  }
  return sums;
}

async function gradientsAt(run: Run, points: readonly Step[]): Promise<ActivationCache> {
  const { model, input, tokens, metric, path, options } = run;
  const { gradInterventions, args } = options;
  const copies = tokens ? points.flatMap(() => tokens.ids) : input;
  const weights = points.map(({ weight }) => weight);
  const { gradients } = await model.gradients(copies, overBlocks(metric, weights, tokens), {
    save: [...path.ends.keys()],
    interventions: atPoints(
      path,
      points.map(({ alpha }) => alpha),
    ),
    gradInterventions,
    args,
  });
  return gradients;
}

/** Only prompts can be repeated: of other inputs it is not known which axis is the batch. */
function stepsPerPass({ tokens, options }: Run): number {
  const possible = tokens !== undefined && options.args === undefined;
  const { stepsPerPass = possible ? 4 : 1 } = options;
  if (Number.isInteger(stepsPerPass) && stepsPerPass >= 1 && (possible || stepsPerPass === 1)) {
    return stepsPerPass;
  }
  const rule = possible
    ? `a pass holds at least one step, not ${stepsPerPass}.`
    : "only prompts without further arguments can share a pass; leave it out.";
  throw new InvalidArgumentError("stepsPerPass", stepsPerPass, rule);
}

async function summarize(
  { ends, moved, attributed }: Path,
  sums: ReadonlyMap<string, MxArray>,
  difference: number,
): Promise<IntegratedGradients> {
  const scores = new Map(
    [...sums].map(([site, sum]) => {
      const { clean, baseline } = ends.get(site)!;
      return [site, mx.multiply(mx.subtract(clean, baseline), sum)];
    }),
  );
  const total = moved
    .map((site) => mx.sum(scores.get(site)!.astype(mx.float32)))
    .reduce((sum, term) => mx.add(sum, term));
  await evaluate([total, ...scores.values()]);
  return {
    attributions: attributed.mapped((site) => scores.get(site)),
    gradients: attributed.mapped((site) => sums.get(site)),
    total: Number(total.item()),
    difference,
  };
}
