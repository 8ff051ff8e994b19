/** Every method of this package: one line each. It loads no binding until one is run. */
import type { Method } from "@mlxterp/results";
import { graph } from "./attribution-graph/method.js";
import { circuitOfFeatures } from "./feature-circuit/method.js";
import { features } from "./features/method.js";

export const dictionaryMethods: readonly Method[] = [features, graph, circuitOfFeatures];
