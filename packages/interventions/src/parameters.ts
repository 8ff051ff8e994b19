/** The parameters of every intervention, in the order in which text gives them. */
import type { InterventionJson, InterventionType } from "./json.js";

type ParameterOf<T extends InterventionType> = Exclude<
  keyof Extract<InterventionJson, { type: T }>,
  "type"
>;

/** Names of the JSON form; `compose` takes any number of interventions instead. */
export const parameters: { readonly [T in InterventionType]: readonly ParameterOf<T>[] } = {
  zeroOut: [],
  scale: ["factor"],
  addVector: ["vector", "scale"],
  replaceWith: ["value"],
  clamp: ["min", "max"],
  noise: ["std", "seed"],
  project: ["directions"],
  ablateDirection: ["directions"],
  meanAblate: ["mean", "over"],
  skip: ["output"],
  compose: ["interventions"],
  atPositions: ["positions", "intervention", "axis"],
  atKeys: ["positions", "intervention", "axis"],
  atHeads: ["heads", "intervention", "axis"],
  atBatch: ["rows", "intervention", "axis"],
};

/** Whether a word names an intervention. */
export function isInterventionType(name: string): name is InterventionType {
  return Object.hasOwn(parameters, name);
}
