/** The menu of @mlxterp/interventions. */
export { ablateDirection } from "./ablate-direction/ablate-direction.js";
export { type AddVectorOptions, addVector } from "./add-vector/add-vector.js";
export { atBatch } from "./at-batch/at-batch.js";
export { atHeads } from "./at-heads/at-heads.js";
export { atKeys } from "./at-keys/at-keys.js";
export { atNeurons } from "./at-neurons/at-neurons.js";
export { atPositions } from "./at-positions/at-positions.js";
export type { InterventionJson, InterventionsJson, InterventionType } from "./built-in/built-in.js";
export { cap } from "./cap/cap.js";
export { type ClampBounds, clamp } from "./clamp/clamp.js";
export { compose } from "./compose/compose.js";
export {
  type AnyInterventionDefinition,
  defineIntervention,
  type InterventionDefinition,
  type InterventionParts,
} from "./definition/define-intervention.js";
export {
  type ArrayField,
  arrayField,
  type GivenFields,
  type HeldFields,
  type InterventionField,
  type InterventionFields,
  innerIntervention,
  innerInterventions,
} from "./definition/fields.js";
export type { Directions } from "./directions/along.js";
export { loadEdits, saveEdits } from "./edits/edit-files.js";
export type { EditsJson } from "./edits/edits-json.js";
export { type Edited, editsToJSON } from "./edits/edits-to-json.js";
export { parseEdits } from "./edits/parse-edits.js";
export { eraseLinear, type LinearEraser } from "./erase-linear/erase-linear.js";
export {
  InterventionSyntaxError,
  InvalidInterventionError,
  NotSerializableError,
  PromptMismatchError,
  ValueDtypeError,
  ValueShapeError,
} from "./errors.js";
export type { ParseOptions } from "./json/known-types.js";
export { parseIntervention, parseInterventions } from "./json/parse-json.js";
export { interventionSchema, interventionsSchema } from "./json/schema.js";
export { interventionsToJSON, toJSON } from "./json/to-json.js";
export type { MeanAxis } from "./mean-ablate/mean.js";
export {
  type MeanAblateOptions,
  type MeanOfOptions,
  meanAblate,
  meanOf,
} from "./mean-ablate/mean-ablate.js";
export { type NoiseOptions, noise } from "./noise/noise.js";
export { type PatchOptions, patchFrom } from "./patch-from/patch-from.js";
export { project } from "./project/project.js";
export { replaceWith } from "./replace-with/replace-with.js";
export type { AxisOption } from "./restrict/mask.js";
export { scale } from "./scale/scale.js";
export { parseInterventionEntries, parseInterventionText } from "./text/parse-text.js";
export { interventionsToEntries, interventionToText } from "./text/to-text.js";
export type { ActivationSource } from "./values/activation-source.js";
export type { HeldArray } from "./values/held-array.js";
export type { JsonArray, JsonNumber, JsonNumbers } from "./values/json-numbers.js";
export type { Numbers, TypedNumbers } from "./values/numbers.js";
export { zeroOut } from "./zero-out/zero-out.js";
