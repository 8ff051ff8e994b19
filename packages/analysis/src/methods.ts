/** Every method there is: one line each. Surfaces are loops over this list; it loads no binding until one is run. */
import type { Method } from "@mlxterp/results";
import { discover } from "./acdc/method.js";
import { patch } from "./activation-patching/method.js";
import { attention } from "./attention-patterns/method.js";
import { atp } from "./attribution-patching/method.js";
import { causal } from "./causal-tracing/method.js";
import { circuit } from "./circuits/method.js";
import { turnsMethod } from "./conversations/method.js";
import { copying } from "./copying-loss/method.js";
import { attribute } from "./direct-logit-attribution/method.js";
import { edges } from "./edge-attribution/method.js";
import { eraseMethod } from "./erasure/method.js";
import { ablate } from "./head-ablation/method.js";
import { heads } from "./head-types/method.js";
import { weightsMethod } from "./head-weights/method.js";
import { dasMethod } from "./interchange/method.js";
import { lens } from "./logit-lens/method.js";
import { diffMethod } from "./model-diff/method.js";
import { patchscopeMethod } from "./patchscope/method.js";
import { path } from "./path-patching/method.js";
import { probeMethod } from "./probes/method.js";
import { scan } from "./scan/method.js";
import { similarityMethod } from "./similarity/method.js";
import { statistics } from "./site-statistics/method.js";
import { steerMethod } from "./steering/method.js";
import { task } from "./task-accuracy/method.js";
import { tokens } from "./token-attribution/method.js";
import { tunedLensMethod } from "./tuned-lens/method.js";

export { taskNames } from "./tasks/names.js";

/** Each with a type of its own, for clients that know methods by their names. */
export const typedMethods = [
  task,
  scan,
  lens,
  tunedLensMethod,
  patchscopeMethod,
  attention,
  turnsMethod,
  heads,
  weightsMethod,
  copying,
  patch,
  causal,
  atp,
  attribute,
  tokens,
  ablate,
  path,
  edges,
  circuit,
  discover,
  probeMethod,
  steerMethod,
  eraseMethod,
  dasMethod,
  diffMethod,
  similarityMethod,
  statistics,
] as const satisfies readonly Method[];

export const methods: readonly Method[] = [...typedMethods];
