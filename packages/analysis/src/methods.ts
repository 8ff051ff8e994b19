/** Every method there is: one line each. Surfaces are loops over this list; it loads no binding until one is run. */
import type { Method } from "@mlxterp/results";
import { discover } from "./acdc/method.js";
import { patch } from "./activation-patching/method.js";
import { attention } from "./attention-patterns/method.js";
import { atp } from "./attribution-patching/method.js";
import { circuit } from "./circuits/method.js";
import { copying } from "./copying-loss/method.js";
import { attribute } from "./direct-logit-attribution/method.js";
import { edges } from "./edge-attribution/method.js";
import { ablate } from "./head-ablation/method.js";
import { heads } from "./head-types/method.js";
import { weightsMethod } from "./head-weights/method.js";
import { lens } from "./logit-lens/method.js";
import { patchscopeMethod } from "./patchscope/method.js";
import { path } from "./path-patching/method.js";
import { probeMethod } from "./probes/method.js";
import { statistics } from "./site-statistics/method.js";
import { task } from "./task-accuracy/method.js";

export { taskNames } from "./tasks/names.js";

export const methods: readonly Method[] = [
  task,
  lens,
  patchscopeMethod,
  attention,
  heads,
  weightsMethod,
  copying,
  patch,
  atp,
  attribute,
  ablate,
  path,
  edges,
  circuit,
  discover,
  probeMethod,
  statistics,
];
