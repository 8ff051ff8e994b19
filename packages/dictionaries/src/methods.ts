/** Every method of this package: one line each. It loads no binding until one is run. */
import type { Method } from "@mlxterp/results";
import { graph } from "./attribution-graph/method.js";
import { crosscoder } from "./crosscoder-diff/method.js";
import { circuitOfFeatures } from "./feature-circuit/method.js";
import { features } from "./features/method.js";

/** Each with a type of its own, for clients that know methods by their names. */
export const typedDictionaryMethods = [
  features,
  graph,
  circuitOfFeatures,
  crosscoder,
] as const satisfies readonly Method[];

export const dictionaryMethods: readonly Method[] = [...typedDictionaryMethods];
