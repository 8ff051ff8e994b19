/** Every intervention that is data: one line each, in the order in which messages list them. */

import { ablateDirectionDefinition } from "../ablate-direction/ablate-direction.js";
import { addVectorDefinition } from "../add-vector/add-vector.js";
import { atBatchDefinition } from "../at-batch/at-batch.js";
import { atHeadsDefinition } from "../at-heads/at-heads.js";
import { atKeysDefinition } from "../at-keys/at-keys.js";
import { atNeuronsDefinition } from "../at-neurons/at-neurons.js";
import { atPositionsDefinition } from "../at-positions/at-positions.js";
import { capDefinition } from "../cap/cap.js";
import { clampDefinition } from "../clamp/clamp.js";
import { composeDefinition } from "../compose/compose.js";
import type { JsonOfDefinition } from "../definition/define-intervention.js";
import { eraseLinearDefinition } from "../erase-linear/erase-linear.js";
import { meanAblateDefinition } from "../mean-ablate/mean-ablate.js";
import { noiseDefinition } from "../noise/noise.js";
import { projectDefinition } from "../project/project.js";
import { replaceWithDefinition } from "../replace-with/replace-with.js";
import { scaleDefinition } from "../scale/scale.js";
import { skipDefinition } from "../skip/skip.js";
import { zeroOutDefinition } from "../zero-out/zero-out.js";

export const builtIn = [
  zeroOutDefinition,
  scaleDefinition,
  addVectorDefinition,
  replaceWithDefinition,
  clampDefinition,
  noiseDefinition,
  projectDefinition,
  ablateDirectionDefinition,
  capDefinition,
  eraseLinearDefinition,
  meanAblateDefinition,
  skipDefinition,
  composeDefinition,
  atPositionsDefinition,
  atKeysDefinition,
  atHeadsDefinition,
  atNeuronsDefinition,
  atBatchDefinition,
] as const;

/** Lets the type below contain itself. */
interface Inner {
  readonly json: InterventionJson;
}

/** One intervention as plain data. */
export type InterventionJson = JsonOfDefinition<(typeof builtIn)[number], Inner>;

/** The names of the built-in interventions that have a JSON form. */
export type InterventionType = InterventionJson["type"];

/** Interventions by site or selector, as plain data. */
export type InterventionsJson = Readonly<
  Record<string, InterventionJson | readonly InterventionJson[]>
>;
