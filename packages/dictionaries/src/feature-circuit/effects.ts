/** What every feature and error does to an answer, estimated from gradients; and what earlier nodes do to later ones directly. */
import type { GradientMetric } from "@mlxterp/core";
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

/** How much of a later node's effect comes from earlier ones without passing through other nodes' places. */
export async function directEdges(
  { view, places }: SplicedModel,
  ids: readonly number[],
  target: Candidate,
  sources: readonly Candidate[],
  gradients: Effects["gradients"],
): Promise<number[]> {
  const before = [...new Set(sources.map(({ place }) => place))];
  const save = before.flatMap((place) => [places[place].features, places[place].error]);
  const own = places[target.place];
  const weights = gradients[target.place];
  const metric: GradientMetric = (_, pass) => {
    if (target.feature === undefined) {
      const error = pass.value(own.error).index(0, target.position);
      return mx.sum(mx.multiply(error, weights.error.index(target.position)));
    }
    const f = pass.value(own.features).index(0, target.position, target.feature);
    return mx.multiply(f, weights.features.index(target.position, target.feature));
  };
  const others = places.filter((_, place) => place !== target.place);
  const sites = others.flatMap(({ features, error }) => [features, error]);
  const interventions = Object.fromEntries(
    sites.map((site) => [site, (x: MxArray) => mx.stopGradient(x)]),
  );
  const run = await view.gradients([[...ids]], metric, { save, values: true, interventions });
  return sources.map(({ place, position, feature }) => {
    const site = feature === undefined ? places[place].error : places[place].features;
    const product = mx.multiply(run.gradients.get(site), run.values.get(site)).index(0, position);
    return Number((feature === undefined ? mx.sum(product) : product.index(feature)).item());
  });
}
