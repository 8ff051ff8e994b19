/** The objective of an architecture. */
import type { ResolvedConfig } from "./config.js";
import { batchTopK, matryoshka, topK } from "./largest.js";
import type { Objective } from "./parameters.js";
import { gated, jumpRelu, pAnneal, standard } from "./penalized.js";
import { unexplained } from "./unexplained.js";

const objectives = {
  ...{ standard, gated, topK, batchTopK, jumpRelu, matryoshka, pAnneal },
  groupMax: unexplained,
};

export function objectiveOf(config: ResolvedConfig): Objective {
  if (config.recipe === "sparsify") return unexplained(config);
  return objectives[config.architecture](config);
}
