/** The menu of @mlxterp/interventions. */
export type { ActivationSource } from "./activation-source.js";
export { type AddVectorOptions, addVector } from "./add-vector.js";
export { atBatch, atHeads } from "./at-indices.js";
export { atKeys, atPositions } from "./at-positions.js";
export { compose } from "./compose.js";
export { ablateDirection, type Directions, project } from "./directions.js";
export { loadEdits, saveEdits } from "./edits/edit-files.js";
export type { EditsJson } from "./edits/edits-json.js";
export { type Edited, editsToJSON } from "./edits/edits-to-json.js";
export { parseEdits } from "./edits/parse-edits.js";
export {
  InterventionSyntaxError,
  InvalidInterventionError,
  NotSerializableError,
  PromptMismatchError,
  ValueDtypeError,
  ValueShapeError,
} from "./errors.js";
export type {
  InterventionJson,
  InterventionsJson,
  InterventionType,
  JsonArray,
  JsonNumber,
  JsonNumbers,
  MeanAxis,
} from "./json.js";
export type { AxisOption } from "./mask.js";
export { type MeanAblateOptions, type MeanOfOptions, meanAblate, meanOf } from "./mean-ablate.js";
export { type NoiseOptions, noise } from "./noise.js";
export type { Numbers } from "./numbers.js";
export { parseIntervention, parseInterventions } from "./parse-json.js";
export { parseInterventionEntries, parseInterventionText } from "./parse-text.js";
export { type PatchOptions, patchFrom } from "./patch-from.js";
export { replaceWith, zeroOut } from "./replace-with.js";
export { type ClampBounds, clamp, scale } from "./scalars.js";
export { interventionSchema, interventionsSchema } from "./schema.js";
export { interventionsToJSON, toJSON } from "./specification.js";
