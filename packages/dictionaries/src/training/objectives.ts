/** The objective of an architecture. */
import type { ResolvedConfig } from "./config.js";
import { batchTopK, matryoshka, topK } from "./largest.js";
import type { Objective } from "./parameters.js";
import { gated, jumpRelu, pAnneal, standard } from "./penalized.js";

const objectives = { standard, gated, topK, batchTopK, jumpRelu, matryoshka, pAnneal };

export function objectiveOf(config: ResolvedConfig): Objective {
  return objectives[config.architecture](config);
}
