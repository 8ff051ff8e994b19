/** What every feature and error does to an answer, estimated from gradients; and what earlier nodes do to later ones directly. */
import type { GradientMetric, MetricPass } from "@mlxterp/core";
import { logProbabilities, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { SplicedModel, SplicedPlace } from "./places.js";

/** One candidate. */
export interface Candidate {
  readonly place: number;
  readonly position: number;
  /** undefined for the error. */
  readonly feature?: number;
  readonly activation: number;
  readonly effect: number;
}

export interface Effects {
  readonly candidates: readonly Candidate[];
  /** The answer's gradient at each place, features (position, features) and error (position, width); of the unchanged run. */
  readonly gradients: readonly { readonly features: MxArray; readonly error: MxArray }[];
}

/** The log-probability of the answer after the prompt. */
export function answerMetric(answer: number, length: number): GradientMetric {
  return (logits) => logProbabilities(logits.index(0, length - 1).astype(mx.float32)).index(answer);
}

/** @param steps of integrated gradients, along which all features and the error of one place grow from nothing */
export async function effectsOn(
  { view, places }: SplicedModel,
  ids: readonly number[],
  answer: number,
  steps: number,
): Promise<Effects> {
  const save = places.flatMap(({ features, error }) => [features, error]);
  const metric = answerMetric(answer, ids.length);
  const run = await view.gradients([[...ids]], metric, { save, values: true });
  const candidates: Candidate[] = [];
  const gradients: { features: MxArray; error: MxArray }[] = [];
  for (const [number, place] of places.entries()) {
    const [f, e] = [place.features, place.error].map((site) => run.values.get(site).index(0));
    const own = [place.features, place.error].map((site) => run.gradients.get(site).index(0));
    const slopes = steps === 1 ? own : await alongPath(view, place, [f, e], { ids, metric, steps });
    candidates.push(...candidatesOf(number, [f, e], slopes));
    gradients.push({ features: own[0], error: own[1] });
  }
  return { candidates, gradients };
}

interface Path {
  readonly ids: readonly number[];
  readonly metric: GradientMetric;
  readonly steps: number;
}

/** The mean gradient at the middles of as many parts of the way; the first token keeps its values. */
async function alongPath(
  view: SplicedModel["view"],
  { features, error }: SplicedPlace,
  values: readonly MxArray[],
  { ids, metric, steps }: Path,
): Promise<MxArray[]> {
  const later = mx.array(ids.map((_, position) => [position === 0 ? 0 : 1]));
  let sums: MxArray[] = values.map((value) => mx.zerosLike(value));
  for (let step = 0; step < steps; step++) {
    const share = (step + 0.5) / steps;
    const factor = mx.add(mx.multiply(later, share - 1), 1);
    const scaled = (value: MxArray) => () =>
      mx.multiply(value, factor).reshape([1, ...value.shape]);
    const interventions = { [features]: scaled(values[0]), [error]: scaled(values[1]) };
    const { gradients } = await view.gradients([[...ids]], metric, {
      save: [features, error],
      interventions,
    });
    sums = [features, error].map((site, at) => mx.add(sums[at], gradients.get(site).index(0)));
    mx.eval(...sums);
  }
  return sums.map((sum) => mx.divide(sum, steps));
}

/** Features that are on, and errors, but for the first token. @param values and slopes of features (position, features) and error (position, width) */
function candidatesOf(
  place: number,
  [f, e]: readonly MxArray[],
  [ofFeatures, ofError]: readonly MxArray[],
): Candidate[] {
  const count = f.shape[1];
  const [sizes, effects] = [f, mx.multiply(f, ofFeatures)].map((array) => toFlat(array));
  const errors = toFlat(mx.sum(mx.multiply(e, ofError), 1));
  const found: Candidate[] = [];
  sizes.forEach((activation, at) => {
    const position = Math.floor(at / count);
    if (activation === 0 || position === 0) return;
    found.push({ place, position, feature: at % count, activation, effect: effects[at] });
  });
  errors.forEach((effect, position) => {
    if (position > 0) found.push({ place, position, activation: 0, effect });
  });
  return found;
}

/**
 * How much of later nodes' effects comes from earlier ones without passing through other nodes' places.
 *
 * @param targets of one place, one row of a pass each
 * @returns by target, then by source
 */
export async function directEdges(
  { view, places }: SplicedModel,
  ids: readonly number[],
  targets: readonly Candidate[],
  sources: readonly Candidate[],
  gradients: Effects["gradients"],
): Promise<number[][]> {
  const [{ place }] = targets;
  const before = [...new Set(sources.map((source) => source.place))];
  const save = before.flatMap((one) => [places[one].features, places[one].error]);
  const metric: GradientMetric = (_, pass) =>
    targets
      .map((target, row) => effectIn(pass, places[place], gradients[place], target, row))
      .reduce((sum, one) => mx.add(sum, one));
  const others = places.filter((_, at) => at !== place);
  const sites = others.flatMap(({ features, error }) => [features, error]);
  const interventions = Object.fromEntries(
    sites.map((site) => [site, (x: MxArray) => mx.stopGradient(x)]),
  );
  const prompts = targets.map(() => [...ids]);
  const run = await view.gradients(prompts, metric, { save, values: true, interventions });
  const columns = sources.map(({ place: from, position, feature }) => {
    const site = feature === undefined ? places[from].error : places[from].features;
    const product = mx.multiply(run.gradients.get(site), run.values.get(site));
    const there = product.index(mx.Slice(), position); // (targets, features or width)
    return feature === undefined ? mx.sum(there, 1) : there.index(mx.Slice(), feature);
  });
  const flat = toFlat(mx.stack(columns, 1)); // (targets, sources)
  return targets.map((_, row) => [
    ...flat.subarray(row * sources.length, (row + 1) * sources.length),
  ]);
}

/** What a target does for the answer in its own row, by the answer's gradient there. */
function effectIn(
  pass: MetricPass,
  { features, error }: SplicedPlace,
  weights: Effects["gradients"][number],
  { position, feature }: Candidate,
  row: number,
): MxArray {
  if (feature === undefined) {
    const own = pass.value(error).index(row, position);
    return mx.sum(mx.multiply(own, weights.error.index(position)));
  }
  const own = pass.value(features).index(row, position, feature);
  return mx.multiply(own, weights.features.index(position, feature));
}
