/** The value of a metric and its gradient at any set of sites. */
import { evaluate, type MxArray } from "@mlxterp/mlx";
import type { FoundSite } from "../pass/found-site.js";
import type { ActivationCache } from "../storage/cache.js";

import { type Derivative, differentiate } from "./differentiate.js";
import type { GradientMetric, GradientOptions, Gradients } from "./options.js";
import { findPlaces } from "./places.js";
import { settle } from "./settle.js";
import type { GradientSubject } from "./subject.js";

/** Gradients of which nothing has been computed yet. */
interface LazyGradients {
  readonly value: MxArray;
  readonly gradients: ActivationCache;
  readonly values: ActivationCache;
}

/** Computes what `lazyGradients` builds, after everything else has been let go. */
export async function gradientsOf(
  subject: GradientSubject,
  metric: GradientMetric,
  options: GradientOptions,
): Promise<Gradients> {
  const { value, gradients, values } = await lazyGradients(subject, metric, options);
  const wanted = [gradients, values].flatMap((cache) => cache.entries().map(([, array]) => array));
  await evaluate([value, ...wanted]);
  return { value: Number(value.item()), gradients, values };
}

/**
 * Builds the graph of forward and backward. Computes only if gradients are edited: edits that are not linear need
 * to know what they edit.
 */
async function lazyGradients(
  subject: GradientSubject,
  metric: GradientMetric,
  options: GradientOptions,
): Promise<LazyGradients> {
  const places = findPlaces(subject, options);
  const keepValues = options.values ?? false;
  const derivative = await settle(
    (linearizations) => differentiate({ subject, places, metric, keepValues }, linearizations),
    places.edited,
  );
  const arrays = (of: Derivative["gradients"]) =>
    places.requested.map(({ place, ...found }): FoundSite => ({ ...found, value: of.get(place)! }));
  return {
    value: derivative.value,
    gradients: subject.cache(arrays(derivative.gradients)),
    values: subject.cache(keepValues ? arrays(derivative.values) : []),
  };
}
