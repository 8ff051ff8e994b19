/** One forward and one backward: the derivative of a metric by perturbations that are added to values of the forward. */
import { isArray, type MxArray, mx } from "@mlxterp/mlx";
import { InvalidPromptError } from "../errors.js";
import type { ObservedPass } from "../pass/engine.js";
import type { Intervention } from "../pass/intervention.js";
import { arrayInside } from "../pass/nested.js";
import { editBackward, type Linearization } from "./edit-backward.js";
import { metricValue } from "./metric-value.js";
import type { GradientMetric } from "./options.js";
import type { Place, Places } from "./places.js";
import type { GradientSubject } from "./subject.js";

/** What one backward gives; nothing is computed yet. */
export interface Derivative {
  readonly value: MxArray;
  /** What flows on below each place, after its edits. */
  readonly gradients: ReadonlyMap<Place, MxArray>;
  /** What arrives at the places with edits. */
  readonly arriving: ReadonlyMap<Place, MxArray>;
  /** Of the places that were asked for; empty unless values were too. */
  readonly values: ReadonlyMap<Place, MxArray>;
}

/** What is differentiated, and where. */
interface Differentiation {
  readonly subject: GradientSubject;
  readonly places: Places;
  readonly metric: GradientMetric;
  readonly keepValues: boolean;
}

/** @param linearizations how the edits of each place are made linear; see `editBackward` */
export function differentiate(
  differentiation: Differentiation,
  linearizations: ReadonlyMap<Place, Linearization>,
): Derivative {
  const { subject, metric, places } = differentiation;
  const { all, edited } = places;
  let value: MxArray | undefined;
  let values: Derivative["values"] = new Map();
  const forward = (...perturbations: MxArray[]): MxArray => {
    const perturbed = perturb(differentiation, perturbations, linearizations);
    value = metricOf(subject, subject.observe(places.probes(perturbed.visit)), metric);
    values = perturbed.values;
    return perturbed.carried.reduce((sum, term) => mx.add(sum, term), value);
  };
  const zeros = [...all, ...edited].map(noPerturbation);
  const [, gradients] = mx.vjp(forward, zeros, [mx.array(1)]);
  return {
    value: value!, // vjp has called forward
    gradients: new Map(all.map((place, index) => [place, gradients[index]])),
    arriving: new Map(edited.map((place, index) => [place, gradients[all.length + index]])),
    values,
  };
}

/** What adds a perturbation at every place, and another above the edits of those that have some. */
function perturb(
  { places: { all, edited, at }, keepValues }: Differentiation,
  perturbations: readonly MxArray[],
  linearizations: ReadonlyMap<Place, Linearization>,
): { visit: Intervention; values: Map<Place, MxArray>; carried: MxArray[] } {
  const below = new Map(all.map((place, index) => [place, perturbations[index]]));
  const above = new Map(edited.map((place, index) => [place, perturbations[all.length + index]]));
  const values = new Map<Place, MxArray>();
  const carried: MxArray[] = [];
  const visited = new Set<Place>();
  const visit: Intervention = (x, context) => {
    const place = at(context);
    if (!place || visited.has(place)) return x; // two selectors may lead here
    visited.add(place);
    const perturbed = mx.add(x, below.get(place)!);
    if (keepValues && place.requested) values.set(place, perturbed);
    if (place.edits.length === 0) return perturbed;
    const edit = editBackward(place, perturbed, linearizations.get(place));
    carried.push(edit.carried);
    return mx.add(edit.value, above.get(place)!);
  };
  return { visit, values, carried };
}

/** Zeros that take no memory. */
function noPerturbation({ shape, dtype }: Place): MxArray {
  return mx.broadcastTo(mx.array(0, dtype), [...shape]);
}

function metricOf(
  { tokens }: GradientSubject,
  { reader, result }: ObservedPass,
  metric: GradientMetric,
): MxArray {
  try {
    const output = arrayInside(result);
    if (!isArray(output)) {
      throw new InvalidPromptError("The model's forward returned no array.", result);
    }
    const value = (site: string) => reader.one(reader.site(site));
    return metricValue(metric(output, { tokens, result, value }));
  } finally {
    reader.release();
  }
}
